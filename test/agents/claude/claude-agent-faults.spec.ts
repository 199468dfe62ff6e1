import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentStart } from '../../../src/agent-webkit/engine/agent-client.js';
import { eventually } from '../../support/eventually.js';
import { AgentBench } from './agent-bench.js';

const broken = fileURLToPath(new URL('broken-agent.mjs', import.meta.url));

let bench: AgentBench;
beforeAll(async () => {
  bench = await AgentBench.open();
});
afterEach(() => bench.clear());
afterAll(() => bench.close());

function start(fault: string, options: Partial<AgentStart> = {}) {
  const env = { ...bench.env.overrides.env, FAULT: fault };
  const overrides = { ...bench.env.overrides, env, pathToClaudeCodeExecutable: broken };
  return bench.start(options, overrides);
}

const isGone = () => eventually(async () => (await bench.processes()).length === 0);

describe('a Claude agent that can no longer be used is ended and reported', () => {
  it('when it is not ready in time', async () => {
    const agent = start('never ready', { startTimeoutMs: 300 });

    expect((await agent.ended)?.message).toBe(
      'The agent was not ready within 0.3 s, so the server stopped it.',
    );
    await isGone();
  });

  it('when it closes its output', async () => {
    const agent = start('closed output');

    expect((await agent.ended)?.message).toBe(
      'The agent closed its output, so the server stopped it.',
    );
    await isGone();
  });

  it('when it writes a line without an end, which does not fill the memory', async () => {
    const agent = start('endless line');

    expect((await agent.ended)?.message).toBe(
      'The agent wrote a message of more than 64 MB, so the server stopped it.',
    );
    await isGone();
  });
});

it('a Claude agent that was ready in time is not ended afterwards', async () => {
  const startTimeoutMs = 5000;
  const agent = bench.start({ startTimeoutMs });
  expect(await agent.turn('one')).toBe('heard one after 0');
  const late = start('never ready', { startTimeoutMs });
  await late.ended;

  expect(await agent.turn('two')).toBe('heard two after 1');
});

it('the errors that a Claude agent writes are kept up to 4 kB, however many there are', async () => {
  const failure = await start('endless errors').ended;

  expect(failure).toMatchObject({ stderr: expect.stringMatching(/^x{4089}the end$/) });
});
