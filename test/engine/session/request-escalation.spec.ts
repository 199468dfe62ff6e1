import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type {
  EscalatedRequest,
  EscalateTo,
} from '../../../src/agent-webkit/engine/request-escalation.js';
import type { AnsweredRequest } from '../../../src/agent-webkit/engine/session/answering.js';
import { type BenchOptions, SessionBench, settle, stopTime } from '../../support/session-bench.js';

const ADA = { id: 'ada' };
const AFTER_MS = 5000;

async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await settle();
}

describe('a request that is to be escalated', () => {
  let bench: SessionBench;
  let asked: EscalatedRequest[];
  const start = async (to: EscalateTo = () => ['bob', 'cy'], more: Partial<BenchOptions> = {}) => {
    asked = [];
    const escalate: EscalateTo = (request) => {
      asked.push(request);
      return to(request);
    };
    const escalation = { 'mcp__pay__*': { afterMs: AFTER_MS, to: escalate } };
    bench = await SessionBench.start({ escalation, ...more });
    await settle();
  };
  const ask = (toolUseID = 't1', tool = 'mcp__pay__send') =>
    bench.agent.ask(tool, { amount: 7 }, { toolUseID });
  const reply = (correlation_id = 't1', by = ADA) =>
    bench.session.accept({ type: 'permission_response', correlation_id, behavior: 'allow' }, by);
  const escalations = () => bench.data('request_escalated');
  beforeEach(stopTime);
  afterEach(async () => {
    await bench.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('stays open, and says when and to whom', async () => {
    await start();
    const answered = ask();
    await settle();
    const at = new Date(Date.now() + AFTER_MS).toISOString();
    expect(await bench.data('permission_request')).toMatchObject([{ escalation: { at } }]);
    await pass(AFTER_MS - 1);
    expect(bench.session.info().pending).toMatchObject([{ escalation: { at } }]);
    expect(bench.session.info().pending[0]).not.toHaveProperty('escalated_to');
    expect(await escalations()).toEqual([]);
    await pass(1);
    expect(await escalations()).toEqual([{ correlation_id: 't1', to: ['bob', 'cy'], at }]);
    expect(bench.session.info()).toMatchObject({
      state: 'awaiting',
      pending: [{ escalation: { at }, escalated_to: ['bob', 'cy'] }],
    });
    expect(asked).toEqual([
      {
        sessionId: bench.session.id,
        owner: 'ada',
        correlationId: 't1',
        kind: 'permission',
        toolName: 'mcp__pay__send',
        input: { amount: 7 },
        approvedBy: [],
      },
    ]);
    await reply();
    expect(await answered).toMatchObject({ behavior: 'allow' });
    expect(bench.session.info().pending).toEqual([]);
  });

  it('is escalated once, whatever time passes', async () => {
    await start(() => 'bob');
    void ask();
    await pass(AFTER_MS);
    await pass(100 * AFTER_MS);
    expect(await escalations()).toMatchObject([{ to: ['bob'] }]);
    expect(asked).toHaveLength(1);
  });

  it('can be the questions of the agent', async () => {
    await start(undefined, { escalation: { '*': { afterMs: AFTER_MS, to: () => 'bob' } } });
    void bench.agent.ask('AskUserQuestion', { questions: [] }, { toolUseID: 't1' });
    await pass(AFTER_MS);
    expect(bench.session.info().pending).toMatchObject([
      { event: 'ask_user_question', escalated_to: ['bob'] },
    ]);
  });

  it('is none of another tool, and none that expires first', async () => {
    await start(undefined, { expiry: { mcp__pay__now: { afterMs: 10, decision: 'deny' } } });
    void ask('t1', 'Bash');
    void ask('t2', 'mcp__pay__now');
    await settle();
    for (const request of await bench.data('permission_request')) {
      expect(request).not.toHaveProperty('escalation');
    }
    await pass(AFTER_MS);
    expect(asked).toEqual([]);
  });

  it.each(['answered', 'cancelled'])('is not escalated after it was %s', async (how) => {
    await start();
    const controller = new AbortController();
    void bench.agent.ask('mcp__pay__send', {}, { toolUseID: 't1', signal: controller.signal });
    await settle();
    if (how === 'answered') await reply();
    else controller.abort();
    await settle();
    expect(jest.getTimerCount()).toBe(0);
    await pass(AFTER_MS);
    expect(asked).toEqual([]);
  });

  it('is not escalated when it is answered while the host decides', async () => {
    const decided = later();
    await start(() => decided.promise);
    void ask();
    await pass(AFTER_MS);
    expect(asked).toHaveLength(1);
    await reply();
    decided.resolve('bob');
    await settle();
    expect(await escalations()).toEqual([]);
    await pass(20_000);
    expect(bench.errors).toEqual([]);
  });

  it('expires as before', async () => {
    await start(undefined, { limits: { requestTimeoutMs: 2 * AFTER_MS } });
    const answered = ask();
    await pass(AFTER_MS);
    expect(await escalations()).toHaveLength(1);
    await pass(AFTER_MS);
    expect(await answered).toMatchObject({ behavior: 'deny' });
  });

  it('keeps its approvals, which the host receives', async () => {
    await start(undefined, { approvals: { '*': { required: 2 } } });
    const answered = ask();
    await settle();
    await reply('t1', { id: 'bob' });
    await pass(AFTER_MS);
    expect(asked).toMatchObject([{ approvedBy: ['bob'] }]);
    expect(bench.session.info().pending).toMatchObject([
      { approved_by: ['bob'], escalated_to: ['bob', 'cy'] },
    ]);
    await reply('t1', { id: 'cy' });
    expect(await answered).toMatchObject({ behavior: 'allow' });
  });

  it('can be answered by those to whom it was escalated, where the host permits that', async () => {
    const told: AnsweredRequest['escalatedTo'][] = [];
    await start(undefined, {
      canAnswer: ({ escalatedTo }, { id }) => {
        told.push(escalatedTo);
        return escalatedTo.includes(id);
      },
    });
    const answered = ask();
    await settle();
    await expect(reply('t1', { id: 'bob' })).rejects.toMatchObject({ code: 'forbidden' });
    await pass(AFTER_MS);
    await expect(reply()).rejects.toMatchObject({ code: 'forbidden' });
    await reply('t1', { id: 'bob' });
    expect(await answered).toMatchObject({ behavior: 'allow' });
    expect(told).toEqual([[], ['bob', 'cy'], ['bob', 'cy']]);
  });

  it('has to whom it was escalated in its decision', async () => {
    await start();
    void ask();
    await pass(AFTER_MS);
    await reply();
    expect(await bench.data('request_resolved')).toMatchObject([{ escalated_to: ['bob', 'cy'] }]);
  });

  describe('by a function that fails', () => {
    it.each<[string, () => never]>([
      ['throws', () => fail()],
      ['rejects', () => Promise.reject(new Error('no directory')) as never],
      ['returns nothing', () => undefined as never],
      ['returns an empty list', () => [] as never],
      ['returns too many', () => Array.from({ length: 21 }, (_, at) => `n${at}`) as never],
    ])('stays open, which is logged once, and is escalated later when it %s', async (_how, to) => {
      let works = false;
      await start(() => (works ? 'bob' : to()));
      void ask();
      await pass(AFTER_MS);
      expect(asked).toHaveLength(1);
      await pass(999);
      expect(asked).toHaveLength(1);
      await pass(1);
      expect(asked).toHaveLength(2);
      await pass(2000);
      expect(asked).toHaveLength(3);
      expect(bench.session.info()).toMatchObject({ state: 'awaiting', pending: [{}] });
      expect(await escalations()).toEqual([]);
      expect(bench.errors).toEqual([expect.stringMatching(/requests\.escalation failed.* t1/)]);
      works = true;
      await pass(4000);
      expect(await escalations()).toMatchObject([{ to: ['bob'] }]);
      expect(bench.errors).toHaveLength(1);
    });

    it('is called again at most every 10 minutes, until it is answered', async () => {
      await start(() => fail());
      void ask();
      await pass(AFTER_MS);
      for (let time = 0; time < 2 * 60; time += 1) {
        // oxlint-disable-next-line no-await-in-loop -- minute by minute
        await pass(60_000);
      }
      const calls = asked.length;
      expect(calls).toBeLessThan(25);
      await pass(600_000);
      expect(asked).toHaveLength(calls + 1);
      await reply();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('is called again when it has not returned within 15 s, and a late answer counts for nothing', async () => {
      const late = later();
      await start(() => (asked.length === 1 ? late.promise : 'bob'));
      void ask();
      await pass(AFTER_MS);
      await pass(15_000);
      late.resolve('cy');
      await settle();
      expect(await escalations()).toEqual([]);
      await pass(1000);
      expect(await escalations()).toMatchObject([{ to: ['bob'] }]);
      expect(bench.errors).toHaveLength(1);
    });
  });
});

function fail(): never {
  throw new Error('no directory');
}

/** A promise that is resolved from outside. */
function later() {
  let resolve!: (value: string) => void;
  const promise = new Promise<string>((resolved) => (resolve = resolved));
  return { promise, resolve };
}
