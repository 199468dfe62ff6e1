// A server with one agent and no signal handlers, for tests that kill it. Its argument is JSON:
// { module, overrides, start, content, stored }. With `stored`, the agent has a session store with
// these entries. The server writes a line for each message of the agent.
import { randomUUID } from 'node:crypto';

const { module, overrides, start, content, stored } = JSON.parse(process.argv[2]);
const { claudeSdkFactory } = await import(module);
const agent = claudeSdkFactory(overrides)({
  conversationId: start.sessionId,
  ...start,
  ...(stored && { transcripts: { append: async () => {}, load: async () => stored } }),
  canUseTool: async (_name, input) => ({ behavior: 'allow', updatedInput: input }),
});
agent.send({ messageId: randomUUID(), content, isCommand: false });
for await (const message of agent.messages) process.stdout.write(`${message.type}\n`);
