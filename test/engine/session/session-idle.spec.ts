import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { backgroundTasks, init, result } from '../../support/sdk-messages.js';
import { HeldStorage } from '../../support/held-storage.js';
import { SessionBench, settle, stopTime } from '../../support/session-bench.js';

const IDLE = { limits: { idleTimeoutMs: 5000 } };

async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await settle();
}

describe('an idle agent', () => {
  let bench: SessionBench;
  const turn = async (content: string) => {
    const results = (await bench.data('result')).length;
    await bench.say(content);
    await bench.said('turn_start', results + 1);
    await settle();
    bench.agent.say(result());
    await bench.said('result', results + 1);
    await settle();
  };
  beforeEach(stopTime);
  afterEach(async () => {
    await bench.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('is stopped after the idle timeout, which is published', async () => {
    bench = await SessionBench.start(IDLE);
    await turn('hi');
    await pass(4999);
    expect(bench.session.state).toBe('idle');
    await pass(1);
    expect(bench.agent.isClosed).toBe(true);
    expect(bench.session.state).toBe('dormant');
    expect((await bench.names()).slice(-2)).toEqual(['result', 'session_state']);
  });

  it('is not stopped while it has a background task', async () => {
    bench = await SessionBench.start(IDLE);
    await turn('start the build');
    bench.agent.say(backgroundTasks('build'));
    await settle();
    await pass(60_000);
    expect(bench.agent.isClosed).toBe(false);
    bench.agent.say(backgroundTasks());
    await settle();
    await pass(5000);
    expect(bench.session.state).toBe('dormant');
  });

  it('is not stopped during a turn that it began by itself', async () => {
    bench = await SessionBench.start(IDLE);
    await turn('start the build');
    bench.agent.say(init());
    await settle();
    expect(bench.session.state).toBe('running');
    await pass(60_000);
    expect(bench.agent.isClosed).toBe(false);
    bench.agent.say(result());
    await bench.said('result', 2);
    await settle();
    await pass(5000);
    expect(bench.session.state).toBe('dormant');
  });

  it('keeps its session in memory until the events are committed', async () => {
    const storage = new HeldStorage();
    storage.events.isHeld = false;
    bench = await SessionBench.start({ storage });
    await turn('hi');
    storage.events.isHeld = true;
    const asleep = bench.session.stopIdleAgent();
    expect(bench.session.state).toBe('dormant');
    bench.session.subscribe(0, () => undefined).close();
    await pass(60_000);
    expect(bench.unused).toEqual([]);
    storage.events.release();
    await asleep;
    await pass(60_000);
    expect(bench.unused).toEqual([bench.session.id]);
  });

  it('is stopped in a session that was never used', async () => {
    bench = await SessionBench.start(IDLE);
    await pass(5000);
    expect(bench.session.state).toBe('dormant');
    await bench.say('hi');
    expect((await bench.started(2)).start.resume).toBe(false);
  });

  it('is replaced for the next message by an agent that resumes the conversation', async () => {
    bench = await SessionBench.start(IDLE);
    await turn('hi');
    await pass(5000);
    await bench.say('again');
    const second = await bench.started(2);
    expect(second.start).toMatchObject({ sessionId: bench.session.id, resume: true });
    expect(await second.received(1)).toMatchObject({ content: 'again' });
    expect((await bench.names()).slice(-4)).toEqual([
      'session_state',
      'user_message',
      'session_state',
      'turn_start',
    ]);
    expect(await bench.data('session_state')).toEqual([{ state: 'dormant' }, { state: 'idle' }]);
    second.say(result());
    await bench.said('result', 2);
    await pass(5000);
    expect(await bench.data('session_state')).toHaveLength(3);
  });

  it('is gone before the next agent starts', async () => {
    bench = await SessionBench.start(IDLE);
    const free = bench.holdEnd();
    await turn('hi');
    await pass(5000);
    await bench.say('again');
    await bench.said('turn_start', 2);
    expect(bench.agents).toHaveLength(1);
    expect(await bench.data('session_state')).toEqual([{ state: 'dormant' }, { state: 'idle' }]);
    free();
    expect(await (await bench.started(2)).received(1)).toMatchObject({ content: 'again' });
  });

  it('is not stopped while a turn runs, a message is queued or a request is open', async () => {
    bench = await SessionBench.start(IDLE);
    await bench.say('hi');
    await pass(20_000);
    expect(bench.session.state).toBe('running');
    const asked = bench.agent.ask('Bash', {}, { toolUseID: 'toolu_1' });
    await pass(20_000);
    expect(bench.session.state).toBe('awaiting');
    bench.agent.say(result());
    await bench.said('result');
    await pass(20_000);
    expect(bench.session.state).toBe('awaiting');
    await bench.session.accept(
      { type: 'permission_response', correlation_id: 'toolu_1', behavior: 'allow' },
      { id: 'ada' },
    );
    await asked;
    await pass(5000);
    expect(bench.session.state).toBe('dormant');
  });

  it('is not stopped while the session has subscribers, and its timeout restarts when they have left', async () => {
    bench = await SessionBench.start(IDLE);
    const subscriptions = [1, 2].map(() => bench.session.subscribe(0, () => undefined));
    await turn('hi');
    await pass(20_000);
    expect(bench.session.state).toBe('idle');
    subscriptions[0]?.close();
    await pass(20_000);
    subscriptions[1]?.close();
    await pass(4999);
    expect(bench.session.state).toBe('idle');
    await pass(1);
    expect(bench.session.state).toBe('dormant');
  });

  it('is stopped although a subscription with an invalid cursor was rejected', async () => {
    bench = await SessionBench.start(IDLE);
    expect(() => bench.session.subscribe(99, () => undefined)).toThrow('does not exist yet');
    await pass(5000);
    expect(bench.session.state).toBe('dormant');
  });

  it('is stopped although a message was rejected', async () => {
    bench = await SessionBench.start({ limits: { idleTimeoutMs: 5000, maxQueuedMessages: 0 } });
    await expect(bench.say('hi')).rejects.toMatchObject({ code: 'backpressure' });
    await pass(5000);
    expect(bench.session.state).toBe('dormant');
  });

  it('has a timeout that restarts with each turn', async () => {
    bench = await SessionBench.start(IDLE);
    await pass(4000);
    await turn('hi');
    await pass(4000);
    expect(bench.session.state).toBe('idle');
    await pass(1000);
    expect(bench.session.state).toBe('dormant');
  });

  it('is never stopped when there is no idle timeout', async () => {
    bench = await SessionBench.start({ limits: { idleTimeoutMs: null } });
    await turn('hi');
    expect(jest.getTimerCount()).toBe(0);
    expect(bench.session.state).toBe('idle');
  });
});
