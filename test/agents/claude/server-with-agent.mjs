// A server with one agent and no signal handlers, for tests that kill it. Its argument is JSON:
// { module, overrides, start, content, stored, sandbox, walls }. With `stored`, the agent has a session store
// with these entries. `sandbox` is the module with the sandbox of the agent, or null for none. The server
// writes a line for each message of the agent.
import { randomUUID } from 'node:crypto';

const { module, overrides, start, content, stored, sandbox, walls } = JSON.parse(process.argv[2]);
const { claudeSdkFactory } = await import(module);
const systemSandbox = sandbox && (await import(sandbox)).systemSandbox({ network: false });
const agent = claudeSdkFactory(overrides)({
  conversationId: start.sessionId,
  ...start,
  ...(systemSandbox && { walls: { ...walls, sandbox: systemSandbox } }),
  ...(stored && { transcripts: { append: async () => {}, load: async () => stored } }),
  canUseTool: async (_name, input) => ({ behavior: 'allow', updatedInput: input }),
});
agent.send({ messageId: randomUUID(), content, isCommand: false });
for await (const message of agent.messages) process.stdout.write(`${message.type}\n`);
