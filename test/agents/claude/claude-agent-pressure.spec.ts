import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { claudeSdkFactory } from '../../../src/agent-webkit/agents/claude/claude-sdk-factory.js';
import { eventually } from '../../support/eventually.js';
import { type ClaudeEnv, createClaudeEnv } from '../../support/claude-env.js';

const talkative = fileURLToPath(new URL('talkative-agent.mjs', import.meta.url));

let env: ClaudeEnv;
beforeAll(async () => {
  env = await createClaudeEnv('http://127.0.0.1:9');
});
afterAll(() => env.close());

function startTalkative() {
  const heard = { all: false };
  const sessionId = crypto.randomUUID();
  const client = claudeSdkFactory({
    ...env.overrides,
    pathToClaudeCodeExecutable: talkative,
    stderr: (text) => {
      heard.all ||= text.includes('said all');
    },
  })({
    sessionId,
    conversationId: sessionId,
    owner: 'ada',
    resume: false,
    model: null,
    permissionMode: 'default',
    cwd: env.cwd,
    includePartialMessages: false,
    canUseTool: () => Promise.reject(new Error('It asks for nothing.')),
  });
  return { client, heard, messages: client.messages[Symbol.asyncIterator]() };
}

it('a Claude agent reads from its process only as fast as its own messages are read, and loses none', async () => {
  const held = startTalkative();
  await held.messages.next();
  // This agent is read to its end and serves as a clock: the other one has had as much time.
  const read = startTalkative();
  for (let next = 0; next < 2000; next += 1) await read.messages.next();
  await eventually(() => read.heard.all);
  expect(held.heard.all).toBe(false);

  for (let next = 1; next < 2000; next += 1) {
    const { value } = await held.messages.next();
    expect(value).toMatchObject({ content: expect.stringMatching(new RegExp(`^${next} `)) });
  }
  await Promise.all([held, read].map(({ client }) => client.close(0)));
});
