// Its argument is the compiled module of agent processes. Ends an agent with a descendant while this process
// has no file descriptors, reports what is left, and waits for a line on its standard input to release them.
import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';

const { AgentProcess } = await import(process.argv[2]);
const { findProcesses } = await import(process.argv[2].replace('agent-process', 'process-sweep'));
const agent = new AgentProcess({
  command: '/bin/sh',
  args: ['-c', 'tail -f /dev/null & echo $!; exec tail -f /dev/null'],
  env: { PATH: process.env.PATH },
});
const [output] = await once(agent.pipes.stdout, 'data');
const descendant = Number(output);

const held = [];
const hold = () => {
  try {
    for (;;) held.push(openSync('/dev/null'));
  } catch (error) {
    if (error.code !== 'EMFILE') throw error;
  }
};
hold();
// The end of the agent frees its pipes.
const again = setInterval(hold, 0);
await agent.close(0);
const isLeft = process.kill(descendant, 0);
process.stdout.write(`The agent is gone, and left ${isLeft ? 1 : 0} process.\n`);

await once(process.stdin, 'data');
clearInterval(again);
for (const descriptor of held.splice(0)) closeSync(descriptor);
while ((await findProcesses(agent.marker)).length > 0) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
process.stdout.write('No process is left.\n');
process.exit();
