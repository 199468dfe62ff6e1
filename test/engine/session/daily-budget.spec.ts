import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DailyBudget } from '../../../src/agent-webkit/engine/daily-budget.js';
import { StorageUnavailableError } from '../../../src/agent-webkit/engine/errors.js';
import { backgroundTasks, init, result } from '../../support/sdk-messages.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { type BenchOptions, SessionBench, settle } from '../../support/session-bench.js';

const MAX_USD = 2;
const DAY_MS = 24 * 60 * 60 * 1000;

const usageOf = (costUSD: number) => ({ model_usage_since_last_result: { opus: { costUSD } } });

/** Plays one turn that costs this, given what the agent of the session has spent before. */
async function turn(bench: SessionBench, cost: number): Promise<void> {
  const turns = (await bench.data('result')).length;
  await bench.say('hi');
  await bench.said('turn_start', turns + 1);
  await settle();
  await bench.agent.received(1);
  bench.agent.say(init(), Object.assign(result(), usageOf(cost)));
  await bench.said('result', turns + 1);
  await settle();
}

describe('The budget of an owner for a day', () => {
  let storage: MemoryStorage;
  /** The clock of the budget; that of the events is the real one. */
  let now: number;
  /** True while the storage does not answer questions about usage. */
  let isAway: boolean;
  let benches: SessionBench[];
  beforeEach(() => {
    storage = new MemoryStorage();
    now = Date.now();
    isAway = false;
    benches = [];
  });
  afterEach(() => Promise.all(benches.map((bench) => bench.close())));

  /** Starts a session of the same owner. */
  async function start(options: BenchOptions = {}): Promise<SessionBench> {
    const usage = {
      costUsd: (owner: string, day: string) =>
        isAway
          ? Promise.reject(new StorageUnavailableError(null))
          : storage.usage.costUsd(owner, day),
    };
    const dailyBudget = new DailyBudget(MAX_USD, usage, () => now);
    const bench = await SessionBench.start({ ...options, storage, dailyBudget });
    benches.push(bench);
    return bench;
  }

  it('bounds each agent by the lesser of what the session and the day have left', async () => {
    const first = await start();
    expect(first.agent.start.maxBudgetUsd).toBe(2);
    await turn(first, 0.5);
    expect((await start()).agent.start.maxBudgetUsd).toBe(1.5);
    expect((await start({ config: { maxBudgetUsd: 1 } })).agent.start.maxBudgetUsd).toBe(1);
  });

  it('keeps an agent as long as only its own session spends', async () => {
    const bench = await start();
    await turn(bench, 0.5);
    await turn(bench, 0.75);
    await turn(bench, 0.5);
    expect(bench.agents).toHaveLength(1);
  });

  it('replaces an agent that may spend more than other sessions have left', async () => {
    const [first, second] = [await start(), await start()];
    await turn(second, 0.1);
    await turn(first, 0.1);
    expect(first.agents).toHaveLength(1); // by less than a tenth
    await turn(second, 0.5);
    await turn(first, 0.1);
    expect(first.agents.map((agent) => agent.isClosed)).toEqual([true, false]);
    expect(first.agent.start.maxBudgetUsd).toBeCloseTo(1.3);
  });

  it('keeps an agent with tasks in the background', async () => {
    const [first, second] = [await start(), await start()];
    await first.say('hi');
    await first.agent.received(1);
    first.agent.say(init(), backgroundTasks('t'), result());
    await first.said('result');
    await turn(second, 1);
    await first.say('again');
    await first.agent.received(2);
    expect(first.agents).toHaveLength(1);
  });

  it('rejects messages until the next day, but none that was accepted before', async () => {
    const bench = await start();
    await bench.say('hi', 'b4b47f4c-6d4c-4f7a-9c64-2b8d6a0d7f11');
    await bench.agent.received(1);
    bench.agent.say(init(), Object.assign(result(), usageOf(2)));
    await bench.said('result');
    now = Math.floor(now / DAY_MS) * DAY_MS + DAY_MS - 90_500;
    const resets = new Date(Math.ceil(now / DAY_MS) * DAY_MS).toISOString();
    await expect(bench.say('more')).rejects.toMatchObject({
      code: 'daily_budget_exhausted',
      retryAfterSeconds: 91,
      message: expect.stringContaining(`$2 for today is used up. It resets at ${resets}`),
    });
    await bench.say('hi', 'b4b47f4c-6d4c-4f7a-9c64-2b8d6a0d7f11');
    expect((await start()).agents).toHaveLength(0);

    now += DAY_MS;
    await bench.say('more');
    const agent = await bench.started(2);
    await agent.received(1);
    expect(agent.start.maxBudgetUsd).toBe(2);
  });

  it('ends the turn of a message that was queued before', async () => {
    const bench = await start();
    await bench.say('one');
    await bench.say('two');
    await bench.agent.received(1);
    bench.agent.say(init(), Object.assign(result(), usageOf(2.5)));
    await bench.said('result', 2);
    expect((await bench.data('result'))[1]).toMatchObject({
      subtype: 'error_max_budget_usd',
      total_cost_usd: 0,
      session_cost_usd: 2.5,
      errors: [
        expect.stringMatching(/^Reached maximum budget of the day \(\$2\)\. Resets at .*T00/),
      ],
    });
    expect(bench.agent.inputs).toHaveLength(1);
  });

  it('starts a turn when the storage is back, and none that was interrupted meanwhile', async () => {
    const [bench, other] = [await start(), await start()];
    const both = [bench, other];
    await Promise.all(both.flatMap((each) => [each.say('one'), each.say('two')]));
    await Promise.all(both.map((each) => each.agent.received(1)));
    isAway = true;
    for (const each of both) each.agent.say(init(), result());
    await Promise.all(both.map((each) => each.said('turn_start', 2)));
    await expect(bench.say('three')).rejects.toMatchObject({ code: 'storage_unavailable' });
    await other.session.accept({ type: 'interrupt' }, { id: 'ada' });
    await other.said('result', 2);
    expect(bench.agent.inputs).toHaveLength(1);
    isAway = false;
    await bench.agent.received(2);
    expect(other.agent.inputs).toHaveLength(1);
  });

  it('reads the spending of sessions on other servers and of deleted ones', async () => {
    const bench = await start();
    await turn(bench, 2);
    await (
      await bench.session.end('deleted', 0)
    ).agentGone;
    await storage.records.delete(bench.record.id);
    const later = await start();
    await expect(later.say('hi')).rejects.toMatchObject({ code: 'daily_budget_exhausted' });
  });
});
