// A server with one agent and no signal handlers, to be killed. Its argument is JSON:
// { module, overrides, start, content }. It writes a line for each message of the agent.
import { randomUUID } from 'node:crypto';

const { module, overrides, start, content } = JSON.parse(process.argv[2]);
const { claudeSdkFactory } = await import(module);
const agent = claudeSdkFactory(overrides)({
  ...start,
  canUseTool: async (_name, input) => ({ behavior: 'allow', updatedInput: input }),
});
agent.send({ messageId: randomUUID(), content });
for await (const message of agent.messages) process.stdout.write(`${message.type}\n`);
