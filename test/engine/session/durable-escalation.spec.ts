import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { Script } from '../../../src/agent-webkit/agents/scripted/script.js';
import type { EscalateTo } from '../../../src/agent-webkit/engine/request-escalation.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import {
  type BenchOptions,
  SessionBench,
  settle,
  stopTime,
  user,
} from '../../support/session-bench.js';

const BY = { id: 'ada' };
const script: Script = async (turn) => {
  await turn.useTool('Pay', {}, { run: () => 'paid' });
};

const options = (to: EscalateTo, afterMs: number): BenchOptions => ({
  escalation: { Pay: { afterMs, to } },
  sdkFactory: scriptedSdkFactory(script),
  durableTools: ['Pay'],
  limits: { holdMs: 1 },
});

async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await settle();
}

describe('a durable request that is to be escalated', () => {
  let bench: SessionBench;
  let asked: string[];
  /** As the last append of events says. */
  let isUnfinished: boolean;
  afterEach(async () => {
    jest.useRealTimers();
    await bench.session.end('released', 0);
  });

  const newStorage = () => {
    const storage = new MemoryStorage();
    const append = storage.events.append.bind(storage.events);
    storage.events.append = (given) => {
      ({ isUnfinished } = given);
      return append(given);
    };
    return storage;
  };

  const open = async (afterMs: number, isTimeStopped = false) => {
    if (isTimeStopped) stopTime();
    asked = [];
    const to: EscalateTo = ({ owner }) => {
      asked.push(owner);
      return 'bob';
    };
    bench = await SessionBench.start({ ...options(to, afterMs), storage: newStorage() });
    await bench.session.accept(user('rent'), BY);
    const isWaiting = () => {
      const { agent, pending } = bench.session.info();
      return agent === 'none' && pending.length === 1;
    };
    // oxlint-disable-next-line no-await-in-loop -- checks again in each turn of the event loop
    while (!isWaiting()) await (isTimeStopped ? pass(1) : settle(1));
    return to;
  };
  /** Restores the session in another process, which has the storage alone. */
  const restart = async (to: EscalateTo, afterMs = 1) => {
    const lost = bench;
    bench = await SessionBench.restart(lost, options(to, afterMs));
    await lost.session.end('released', 0);
  };
  const escalations = () => bench.data('request_escalated');

  it('is escalated without an agent, and its session then leaves memory', async () => {
    await open(300_000, true);
    expect(isUnfinished).toBe(true);
    await pass(200_000);
    expect(bench.unused).toEqual([]);
    await pass(100_000);
    await bench.said('request_escalated');
    expect(bench.session.info()).toMatchObject({
      agent: 'none',
      pending: [{ durable: true, escalated_to: ['bob'] }],
    });
    expect(isUnfinished).toBe(false);
    await pass(60_000);
    expect(bench.unused).toEqual([bench.session.id]);
  });

  it('is escalated in a restored session, at the time that its event has', async () => {
    const to = await open(300_000, true);
    await restart(to, 86_400_000);
    const [{ escalation }] = (await bench.data('permission_request')) as [
      { escalation: { at: string } },
    ];
    await pass(Date.parse(escalation.at) - Date.now() - 1);
    expect(await escalations()).toEqual([]);
    await pass(1);
    expect(await escalations()).toMatchObject([{ to: ['bob'], at: escalation.at }]);
    expect(asked).toEqual(['ada']);
  });

  it('is escalated once over restarts, and keeps to whom', async () => {
    const to = await open(1);
    await bench.said('request_escalated');
    await restart(to);
    await restart(to);
    expect(bench.session.info().pending).toMatchObject([{ escalated_to: ['bob'] }]);
    expect(await escalations()).toHaveLength(1);
    expect(asked).toHaveLength(1);
  });

  it('stays as it is on a server whose options have no escalation for the tool, until another has one', async () => {
    const to = await open(300_000, true);
    const lost = bench;
    bench = await SessionBench.restart(lost, { ...options(to, 1), escalation: {} });
    await lost.session.end('released', 0);
    await pass(400_000);
    expect(bench.session.info().pending).toMatchObject([{ durable: true }]);
    expect(await escalations()).toEqual([]);
    await restart(to);
    await pass(1);
    expect(await escalations()).toHaveLength(1);
    expect(asked).toHaveLength(1);
  });

  it('runs when it is answered after that', async () => {
    await open(1);
    await bench.said('request_escalated');
    const [pending] = bench.session.info().pending;
    const correlation_id = pending?.correlation_id ?? '';
    const reply = { type: 'permission_response', behavior: 'allow', correlation_id } as const;
    await bench.session.accept(reply, { id: 'bob' });
    await bench.said('result');
    expect(await bench.data('tool_result')).toMatchObject([{ output: 'paid' }]);
  });
});
