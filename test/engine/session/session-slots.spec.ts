import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AgentSlots } from '../../../src/agent-webkit/engine/agent/agent-slots.js';
import { result } from '../../support/sdk-messages.js';
import { type BenchOptions, SessionBench, settle, stopTime } from '../../support/session-bench.js';

const BUSY = { code: 'agents_busy', retryAfterSeconds: 10 };
const FAILED = { subtype: 'error_during_execution', is_error: true };

async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await settle();
}

/** Gives a session's agent something to do. */
const work = async (bench: SessionBench, content = 'hi') => {
  const turns = (await bench.data('turn_start')).length;
  await bench.say(content);
  await bench.said('turn_start', turns + 1);
  await settle();
};

const finish = async (bench: SessionBench) => {
  const results = (await bench.data('result')).length;
  bench.agent.say(result());
  await bench.said('result', results + 1);
  await settle();
};

const interrupt = (bench: SessionBench) =>
  bench.session.accept({ type: 'interrupt' }, { id: 'ada' });

describe('a session on a server with few agent slots', () => {
  let slots: AgentSlots;
  let benches: SessionBench[];
  const start = async (options: BenchOptions = {}) => {
    const bench = await SessionBench.start({ slots, ...options });
    benches.push(bench);
    await settle();
    return bench;
  };
  const living = () => benches.flatMap(({ agents }) => agents.filter(({ isClosed }) => !isClosed));
  /** Starts two sessions: one whose agent is being stopped, and one that waits for the slot. */
  const startWaiting = async (options: BenchOptions = {}) => {
    const a = await start();
    const free = a.holdEnd();
    const b = await start(options);
    expect(a.session.state).toBe('dormant');
    expect(b.agents).toEqual([]);
    return { a, b, free };
  };
  beforeEach(() => {
    stopTime();
    slots = new AgentSlots(1);
    benches = [];
  });
  afterEach(async () => {
    await Promise.all(benches.map((bench) => bench.close()));
    await settle();
    expect(living()).toEqual([]);
    expect(slots.areBusy).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('gets the slot of the agent that has been idle for longest', async () => {
    slots = new AgentSlots(2);
    const a = await start();
    const b = await start();
    await pass(10);
    await work(a);
    await finish(a);
    const c = await start();
    expect([a, b, c].map(({ session }) => session.state)).toEqual(['idle', 'dormant', 'idle']);
    expect(await b.data('session_state')).toEqual([{ state: 'dormant' }]);
    expect(living()).toHaveLength(2);
  });

  it('is created without an agent when all slots are busy, and rejects messages that need one', async () => {
    const a = await start();
    await work(a);
    const b = await start();
    expect(b.session.state).toBe('dormant');
    await expect(b.say('hi')).rejects.toMatchObject(BUSY);
    expect(await b.names()).toEqual(['session_ready']);
    await finish(a);
    await work(b);
    expect(a.session.state).toBe('dormant');
    expect(await b.agent.received(1)).toMatchObject({ content: 'hi' });
  });

  it('accepts a repeated message also when all slots are busy', async () => {
    const a = await start();
    const messageId = 'd4f61d8f-2f6c-4f9b-9a3b-6ff3c3f8b6a1';
    await a.say('hi', messageId);
    await settle();
    await finish(a);
    const b = await start();
    await work(b);
    expect(a.session.state).toBe('dormant');
    await a.say('hi', messageId);
    expect(await a.data('user_message')).toHaveLength(1);
    await expect(a.say('more')).rejects.toMatchObject(BUSY);
  });

  it('queues an accepted message until an agent is available, visibly to subscribers', async () => {
    const { a, b, free } = await startWaiting();
    await work(b);
    expect(b.session.state).toBe('running');
    expect(b.agents).toEqual([]);
    await expect(a.say('hi')).rejects.toMatchObject(BUSY);
    free();
    expect(await (await b.started(1)).received(1)).toMatchObject({ content: 'hi' });
    expect(living()).toHaveLength(1);
  });

  it('ends a turn at once that is interrupted while it waits for a slot', async () => {
    const { b, free } = await startWaiting();
    await work(b);
    await b.say('next');
    await interrupt(b);
    await b.said('result');
    expect(await b.data('result')).toEqual([expect.objectContaining(FAILED)]);
    await b.said('turn_start', 2);
    expect(b.session.state).toBe('running');
    await interrupt(b);
    await b.said('result', 2);
    expect(b.session.state).toBe('dormant');
    expect((await b.data('session_state')).at(-1)).toEqual({ state: 'dormant' });
    free();
    await settle();
    expect(living()).toEqual([]);
    await work(b, 'later');
    expect(await b.agent.received(1)).toMatchObject({ content: 'later' });
  });

  it('releases its slot to a waiting session although its subscriber left at the end of its turn', async () => {
    // One kept event makes subscribers read each event while it is published.
    const a = await start({ limits: { maxEvents: 1 } });
    const b = await start();
    await work(a, 'first');
    await finish(a);
    await Promise.all([b.say('hi'), a.say('second')]);
    await settle();
    expect([a, b].map(({ session }) => session.state)).toEqual(['running', 'running']);
    expect(b.agents.filter(({ isClosed }) => !isClosed)).toEqual([]);
    const subscription = a.session.subscribe(a.session.lastSeq, () => {
      if (a.session.state === 'idle') subscription.close();
    });
    a.agent.say(result());
    await settle();
    expect(a.session.state).toBe('dormant');
    expect(living()).toEqual([b.agent]);
    expect(await b.agent.received(1)).toMatchObject({ content: 'hi' });
  });

  it('evicts no agent for a session that has ended while it waited', async () => {
    const { a, b, free } = await startWaiting();
    free();
    await settle();
    await work(b);
    const c = await start();
    expect(c.session.state).toBe('dormant');
    await finish(b);
    const leaving = b.holdEnd();
    await work(c);
    expect(b.session.state).toBe('dormant');
    const d = await start();
    await c.close();
    leaving();
    await settle();
    await work(d);
    await finish(d);
    expect(d.session.state).toBe('idle');
    await work(a);
    expect(living()).toHaveLength(1);
  });

  it('answers a message after its eviction while it waited for its first agent', async () => {
    const { b, free } = await startWaiting({ limits: { idleTimeoutMs: 5000 } });
    expect(b.session.state).toBe('idle');
    await pass(5000);
    expect(b.session.state).toBe('dormant');
    await work(b);
    expect(b.session.state).toBe('running');
    free();
    expect(await (await b.started(1)).received(1)).toMatchObject({ content: 'hi' });
    await finish(b);
    expect(b.session.state).toBe('idle');
    expect(living()).toHaveLength(1);
  });

  it('releases its slot when its agent cannot be started', async () => {
    const broken = await start({
      sdkFactory: () => {
        throw new Error('There is no such program.');
      },
    });
    expect(broken.session.state).toBe('dormant');
    const b = await start();
    await work(b);
    expect(living()).toHaveLength(1);
  });

  it('releases its slot when its agent dies', async () => {
    const a = await start();
    await work(a);
    a.agent.die('crashed');
    await a.said('session_state');
    const b = await start();
    await work(b);
    expect(b.session.state).toBe('running');
  });

  it('releases its slot when it is evicted, deleted or taken over', async () => {
    const a = await start();
    await a.session.end('released', 0);
    const b = await start();
    await b.session.end('deleted', 0);
    const c = await start();
    await c.storage.records.delete(c.session.id);
    await c.say('lost').catch(() => undefined);
    expect(c.lost).toEqual([c.session.id]);
    const d = await start();
    await work(d);
    expect(living()).toHaveLength(1);
  });
});
