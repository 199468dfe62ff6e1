import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { SdkFactory } from '../../../src/agent-webkit/engine/agent-client.js';
import type { Script } from '../../../src/agent-webkit/agents/scripted/script.js';
import { AgentSlots } from '../../../src/agent-webkit/engine/agent/agent-slots.js';
import { eventually } from '../../support/eventually.js';
import { type BenchOptions, SessionBench, user } from '../../support/session-bench.js';

const BY = { id: 'ada' };

/** The runs of the tool, by its input. */
let runs: string[] = [];

function run(name: string, output: string): string {
  runs.push(name);
  return output;
}

const script: Script = async (turn) => {
  const { text } = turn.input;
  turn.spend(0.1);
  if (text === 'recall') return turn.say(turn.history.map(({ input }) => input).join(', '));
  await turn.say('First I look.');
  await turn.useTool('Look', {}, { ask: false, run: () => run('look', '') });
  const names = text === 'changing' ? String(Math.random()) : text;
  const calls = names
    .split('+')
    .map((name) => turn.useTool('Pay', { name }, { run: (input) => run(input.name, 'paid') }));
  const outcomes = await Promise.all(calls);
  await turn.say(outcomes.map(({ allowed }) => (allowed ? 'paid' : 'not paid')).join(', '));
};

/** Delays the commits of replies until the agents of this file would be stopped. */
function slowReplies(storage: MemoryStorage): MemoryStorage {
  const { events } = storage;
  const append = events.append.bind(events);
  events.append = async (given) => {
    if (given.events.some(({ name }) => name === 'request_resolved')) await delay(300);
    return append(given);
  };
  return storage;
}

/** Creates agents of which each has cost so much when it is stopped before the end of its turn. */
function costing(unreportedUsd: number): SdkFactory {
  const create = scriptedSdkFactory(script);
  return (start) => Object.assign(create(start), { unreportedUsd });
}

type Policies = Pick<BenchOptions, 'expiry' | 'approvals' | 'slots' | 'isDraining'>;

/** Sessions of one storage, each of which can be lost with its agents as if the server were killed. */
class Waiting {
  bench!: SessionBench;
  sdkFactory: SdkFactory = scriptedSdkFactory(script);
  #policies: Policies = {};

  async open(holdMs = 1, policies: Policies = {}, storage = new MemoryStorage()): Promise<this> {
    runs = [];
    this.#policies = policies;
    this.bench = await SessionBench.start({
      storage,
      ...this.#options(),
      limits: { holdMs },
    });
    return this;
  }

  /** Restores the session in another process, which has the storage alone. */
  async restart(): Promise<void> {
    const lost = this.bench;
    this.bench = await SessionBench.restart(lost, this.#options());
    await lost.session.end('released', 0);
  }

  #options() {
    return {
      ...this.#policies,
      sdkFactory: this.sdkFactory,
      durableTools: ['Pay'],
    };
  }

  say(content: string): Promise<void> {
    return this.bench.session.accept(user(content), BY);
  }

  get pending() {
    return this.bench.session.info().pending.map(({ correlation_id: id }) => id);
  }

  async until(count: number): Promise<void> {
    await eventually(() => {
      const { agent, pending } = this.bench.session.info();
      return agent === 'none' && pending.length === count;
    });
  }

  allow(correlation_id = this.pending[0] ?? '', by = BY): Promise<void> {
    const reply = { type: 'permission_response', behavior: 'allow', correlation_id } as const;
    return this.bench.session.accept(reply, by);
  }

  ended(results = 1): Promise<unknown> {
    return eventually(
      () => this.bench.names(),
      (names) => names.filter((name) => name === 'result').length === results,
    );
  }
}

describe('a durable request', () => {
  const waiting = new Waiting();
  afterEach(() => waiting.bench.session.end('released', 0));

  it('waits without an agent, and its answer runs the call once', async () => {
    await waiting.open();
    await waiting.say('rent');
    await waiting.until(1);
    expect(waiting.bench.session.info()).toMatchObject({ state: 'awaiting', agent: 'none' });
    await waiting.allow();
    await waiting.ended();
    expect(runs).toEqual(['look', 'rent']);
    expect(waiting.bench.session.info()).toMatchObject({ state: 'idle', agent: 'running' });
  });

  it('lets messages wait behind it', async () => {
    await waiting.open();
    await waiting.say('rent');
    await waiting.until(1);
    await waiting.say('recall');
    expect(await waiting.bench.names()).not.toContain('result');
    await waiting.allow();
    await waiting.ended(2);
    expect(runs).toEqual(['look', 'rent']);
  });

  it('is still open when its session is restored, and is answered there', async () => {
    await waiting.open();
    await waiting.say('rent');
    await waiting.until(1);
    const [id] = waiting.pending;
    await waiting.restart();
    expect(waiting.pending).toEqual([id]);
    expect(waiting.bench.session.info()).toMatchObject({ state: 'awaiting', agent: 'none' });
    await waiting.allow();
    await waiting.ended();
    expect(runs).toEqual(['look', 'rent']);
  });

  it('is still open when the server was lost while an agent waited', async () => {
    await waiting.open(60_000);
    await waiting.say('rent');
    await eventually(() => waiting.pending.length === 1);
    expect(waiting.bench.session.info()).toMatchObject({ agent: 'running' });
    await waiting.restart();
    await waiting.allow();
    await waiting.ended();
    expect(runs).toEqual(['look', 'rent']);
  });

  it('is one of several of a message, each of which runs once', async () => {
    await waiting.open();
    await waiting.say('rent+food');
    await waiting.until(2);
    const [rent = '', food = ''] = waiting.pending;
    await waiting.allow(food);
    await waiting.until(1);
    await waiting.restart();
    await waiting.allow(rent);
    await waiting.ended();
    expect(runs.toSorted()).toEqual(['food', 'look', 'rent']);
  });

  it('ends when its turn is interrupted, and its call does not run', async () => {
    await waiting.open();
    await waiting.say('rent');
    await waiting.until(1);
    await waiting.bench.session.accept({ type: 'interrupt' }, BY);
    await waiting.ended();
    expect(waiting.pending).toEqual([]);
    expect(waiting.bench.session.info()).toMatchObject({ state: 'dormant', agent: 'none' });
    expect(runs).toEqual(['look']);
  });

  it('runs without a person when its tool has such an expiry, and no agent waits for that', async () => {
    await waiting.open(1, { expiry: { Pay: { afterMs: 300, decision: 'allow' } } });
    await waiting.say('rent');
    await waiting.until(1);
    await waiting.ended();
    expect(runs).toEqual(['look', 'rent']);
  });

  it('expires in a restored session, at the time that its event has', async () => {
    await waiting.open(1, { expiry: { Pay: { afterMs: 300, decision: 'deny' } } });
    await waiting.say('rent');
    await waiting.until(1);
    await waiting.restart();
    await waiting.ended();
    expect(runs).toEqual(['look']);
    expect(await waiting.bench.data('request_resolved')).toMatchObject([{ outcome: 'expired' }]);
  });

  it('keeps the approvals that it has', async () => {
    await waiting.open(1, { approvals: { Pay: { required: 2, exceptOwner: false } } });
    await waiting.say('rent');
    await waiting.until(1);
    await waiting.allow();
    await waiting.restart();
    expect(runs).toEqual(['look']);
    await waiting.allow(waiting.pending[0], { id: 'bob' });
    await waiting.ended();
    expect(runs).toEqual(['look', 'rent']);
    expect(waiting.bench.decisions).toMatchObject([
      { caller: { id: 'bob' }, approvedBy: ['ada', 'bob'] },
    ]);
  });

  it('gets its answer also when the time of its agent ends during the commit', async () => {
    await waiting.open(100, {}, slowReplies(new MemoryStorage()));
    await waiting.say('rent+food');
    await eventually(() => waiting.pending.length === 2);
    const [rent = '', food = ''] = waiting.pending;
    await waiting.allow(rent);
    await waiting.until(1);
    await waiting.allow(food);
    await waiting.ended();
    expect(runs.toSorted()).toEqual(['food', 'look', 'rent']);
  });

  it('goes on when a drain of its server ends right after the answer', async () => {
    let isDraining = false;
    await waiting.open(1, { isDraining: () => isDraining });
    await waiting.say('rent');
    await waiting.until(1);
    isDraining = true;
    waiting.bench.session.drain();
    await waiting.allow();
    isDraining = false;
    waiting.bench.session.resume();
    await waiting.ended();
    expect(runs).toEqual(['look', 'rent']);
  });

  it('runs with the input that was shown, also when the agent that repeats it has another one', async () => {
    await waiting.open();
    await waiting.say('changing');
    await waiting.until(1);
    const [request] = waiting.bench.session.info().pending;
    await waiting.allow();
    await waiting.ended();
    expect(runs).toEqual(['look', (request as { input?: { name: string } }).input?.name]);
  });

  it.each(['answered', 'interrupted'] as const)(
    'has the cost of its first agent in the result of its turn, over a restart, when it is %s',
    async (end) => {
      waiting.sdkFactory = costing(0.2);
      await waiting.open();
      waiting.sdkFactory = scriptedSdkFactory(script);
      await waiting.say('rent');
      await waiting.until(1);
      await waiting.restart();
      if (end === 'answered') await waiting.allow();
      else await waiting.bench.session.accept({ type: 'interrupt' }, BY);
      await waiting.ended();
      const costUsd = end === 'answered' ? 0.3 : 0.2;
      const costs = { total_cost_usd: costUsd, session_cost_usd: costUsd };
      expect(await waiting.bench.data('turn_waiting')).toMatchObject([{ turn_cost_usd: 0.2 }]);
      expect(await waiting.bench.data('result')).toMatchObject([costs]);
    },
  );

  it('gives its agent away to a session that needs one', async () => {
    const slots = new AgentSlots(1);
    await waiting.open(600_000, { slots });
    await waiting.say('rent');
    await eventually(() => waiting.pending.length === 1);
    const other = await SessionBench.start({ slots, sdkFactory: scriptedSdkFactory(script) });
    await other.session.accept(user('recall'), BY);
    await other.said('result');
    expect(waiting.bench.session.info()).toMatchObject({ state: 'awaiting', agent: 'none' });
    await waiting.allow();
    await waiting.ended();
    expect(runs).toEqual(['look', 'rent']);
    await other.session.end('released', 0);
  });

  it('lets a session that waits for an agent have its own as soon as it waits for people only', async () => {
    const slots = new AgentSlots(1);
    await waiting.open(600_000, { slots });
    await waiting.say('rent');
    const other = await SessionBench.start({ slots, sdkFactory: scriptedSdkFactory(script) });
    await other.session.accept(user('recall'), BY);
    await other.said('result');
    await waiting.until(1);
    await other.session.end('released', 0);
  });

  it('ends with its turn when the budget is spent meanwhile', async () => {
    await waiting.open();
    await waiting.say('recall');
    await waiting.ended();
    await waiting.say('rent+food');
    await waiting.until(2);
    await waiting.bench.session.setMaxBudget(0.0001);
    await waiting.allow();
    await waiting.ended(2);
    expect(waiting.pending).toEqual([]);
    expect(waiting.bench.session.info()).toMatchObject({ agent: 'none' });
    expect(runs).toEqual(['look']);
  });
});
