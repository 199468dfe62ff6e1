// A server with one agent and no signal handlers, to be killed. Its argument is JSON:
// { module, overrides, start, content, stored }, the last of which is what a session store has, if
// there is one. It writes a line for each message of the agent.
import { randomUUID } from 'node:crypto';

const { module, overrides, start, content, stored } = JSON.parse(process.argv[2]);
const { claudeSdkFactory } = await import(module);
const agent = claudeSdkFactory(overrides)({
  ...start,
  ...(stored && { transcripts: { append: async () => {}, load: async () => stored } }),
  canUseTool: async (_name, input) => ({ behavior: 'allow', updatedInput: input }),
});
agent.send({ messageId: randomUUID(), content });
for await (const message of agent.messages) process.stdout.write(`${message.type}\n`);
