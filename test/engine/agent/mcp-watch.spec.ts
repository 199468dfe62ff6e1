import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AgentClient, McpServerState } from '../../../src/agent-webkit/engine/agent-client.js';
import { McpWatch } from '../../../src/agent-webkit/engine/agent/mcp-watch.js';

const PENDING = [{ name: 'crm', status: 'pending' }];
const CONNECTED = [{ name: 'crm', status: 'connected' }];
const HOUR = 3_600_000;

function watch(...answers: (readonly McpServerState[] | Error)[]) {
  const seen: (readonly McpServerState[])[] = [];
  let asked = 0;
  const mcpServers = () => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const client = { mcpServers } as unknown as AgentClient;
  const watched = new McpWatch(client, (servers) => seen.push(servers));
  return { watched, seen, asked: () => asked };
}

describe('McpWatch', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('asks until no server is pending', async () => {
    const { seen } = watch(PENDING, PENDING, CONNECTED);
    await jest.advanceTimersByTimeAsync(HOUR);
    expect(seen).toEqual([PENDING, PENDING, CONNECTED]);
  });

  it('asks at most six times', async () => {
    const { asked } = watch(PENDING);
    await jest.advanceTimersByTimeAsync(HOUR);
    expect(asked()).toBe(6);
  });

  it('does not ask after it was stopped', async () => {
    const { watched, seen, asked } = watch(PENDING);
    await jest.advanceTimersByTimeAsync(1000);
    watched.stop();
    await jest.advanceTimersByTimeAsync(HOUR);
    expect([asked(), seen]).toEqual([1, [PENDING]]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('Not now.');
      },
    ],
    ['has an answer of another shape', () => Promise.resolve([null])],
    ['has no answer', () => undefined],
  ])('stops when an agent %s, and leaves no rejection behind', async (_, mcpServers) => {
    const rejections: unknown[] = [];
    const note = (error: unknown) => rejections.push(error);
    process.on('unhandledRejection', note);
    const watched = new McpWatch({ mcpServers } as unknown as AgentClient, () => undefined);
    await jest.advanceTimersByTimeAsync(HOUR);
    jest.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    watched.stop();
    expect(rejections).toEqual([]);
  });

  it('stops when the agent cannot answer', async () => {
    const { seen, asked } = watch(new Error('The agent is closed.'));
    await jest.advanceTimersByTimeAsync(HOUR);
    expect([asked(), seen]).toEqual([1, []]);
  });

  it('does nothing for an agent that has no such call', async () => {
    const none = new McpWatch({} as AgentClient, () => undefined);
    await jest.advanceTimersByTimeAsync(HOUR);
    none.stop();
    expect(jest.getTimerCount()).toBe(0);
  });
});
