import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HeldStorage } from '../../support/held-storage.js';
import { backgroundTasks, init, result } from '../../support/sdk-messages.js';
import { SessionBench, settle, stopTime } from '../../support/session-bench.js';

/** The result of a turn that the agent began by itself. */
const unaskedResult = () => ({ ...result(), origin: { kind: 'task-notification' } }) as never;
const FAILED = { subtype: 'error_during_execution', is_error: true };

describe('an interrupt', () => {
  let bench: SessionBench;
  const interrupt = () => bench.session.accept({ type: 'interrupt' }, { id: 'ada' });
  const interrupts = () => bench.agent.calls.filter((call) => call === 'interrupt');
  beforeEach(stopTime);
  afterEach(async () => {
    await bench.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('does nothing when no turn runs', async () => {
    bench = await SessionBench.start();
    await interrupt();
    expect(await bench.names()).toEqual(['session_ready']);
    expect(bench.agent.calls).toEqual([]);
  });

  it('reaches a turn that the agent began by itself', async () => {
    bench = await SessionBench.start();
    bench.agent.say(init());
    await settle();
    await interrupt();
    expect(bench.agent.calls).toEqual(['interrupt']);
  });

  it('kills an agent that continues a turn it began by itself', async () => {
    bench = await SessionBench.start();
    bench.agent.say(init());
    await settle();
    await interrupt();
    jest.advanceTimersByTime(1000);
    await bench.said('session_state');
    expect(bench.agent.isClosed).toBe(true);
    expect(bench.session.state).toBe('dormant');
  });

  it('of a turn that the agent began by itself does not end the turn of the next message', async () => {
    bench = await SessionBench.start();
    bench.agent.say(init());
    await settle();
    await interrupt();
    await bench.say('next');
    await settle();
    expect(bench.agent.inputs).toEqual([]);
    bench.agent.say(unaskedResult());
    expect(await bench.agent.received(1)).toMatchObject({ content: 'next' });
    jest.advanceTimersByTime(10_000);
    await settle();
    expect(bench.agent.isClosed).toBe(false);
    expect(bench.session.state).toBe('running');
    expect(await bench.names()).not.toContain('error');
  });

  it('of a turn that the agent began by itself leaves its background tasks running', async () => {
    bench = await SessionBench.start();
    bench.agent.say(backgroundTasks('task'), init());
    await settle();
    await interrupt();
    bench.agent.say(unaskedResult());
    await bench.said('result');
    jest.advanceTimersByTime(10_000);
    await settle();
    expect(bench.agent.isClosed).toBe(false);
    expect(await bench.names()).not.toContain('error');
  });

  it('ends a turn whose start is not committed yet, and the agent does not receive the message', async () => {
    const storage = new HeldStorage();
    storage.events.isHeld = false;
    bench = await SessionBench.start({ storage });
    storage.events.isHeld = true;
    const said = bench.say('hi');
    await storage.events.holds('user_message');
    storage.events.commit();
    await said;
    await storage.events.holds('turn_start');
    await interrupt();
    storage.events.release();
    await bench.said('result');
    expect(await bench.data('result')).toEqual([expect.objectContaining(FAILED)]);
    await bench.say('next');
    expect(await bench.agent.received(1)).toMatchObject({ content: 'next' });
    expect(bench.agent.inputs).toHaveLength(1);
    expect(bench.agents).toHaveLength(1);
    expect(bench.agent.calls).toEqual([]);
  });

  it('ends a turn that waits for its agent', async () => {
    bench = await SessionBench.start();
    const free = bench.holdEnd();
    bench.agent.die('crashed');
    await bench.said('session_state');
    await bench.say('hi');
    await bench.say('next');
    await settle();
    await interrupt();
    free();
    await bench.started(2);
    expect(await bench.agent.received(1)).toMatchObject({ content: 'next' });
    expect(await bench.data('result')).toEqual([expect.objectContaining(FAILED)]);
  });

  it('reaches the agent once, and the next message starts when the turn has ended', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    await bench.say('next');
    await bench.agent.received(1);
    await Promise.all([interrupt(), interrupt()]);
    await interrupt();
    expect(interrupts()).toHaveLength(1);
    await settle();
    expect(bench.agent.inputs).toHaveLength(1);
    bench.agent.say(result({ subtype: 'error_during_execution' }));
    expect(await bench.agent.received(2)).toMatchObject({ content: 'next' });
    await interrupt();
    expect(interrupts()).toHaveLength(2);
  });

  it('cancels the open requests of the turn', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    await bench.agent.received(1);
    const abort = new AbortController();
    bench.agent.onInterrupt = () => abort.abort();
    const context = { toolUseID: 'toolu_1', signal: abort.signal };
    const asked = bench.agent.ask('Bash', { command: 'ls' }, context);
    expect(bench.session.state).toBe('awaiting');
    await interrupt();
    expect(await asked).toMatchObject({ behavior: 'deny' });
    expect(await bench.data('request_resolved')).toMatchObject([
      { correlation_id: 'toolu_1', kind: 'permission', outcome: 'cancelled' },
    ]);
    expect(bench.session.state).toBe('running');
    const reply = { type: 'permission_response', correlation_id: 'toolu_1', behavior: 'allow' };
    await expect(bench.session.accept(reply as never, { id: 'ada' })).rejects.toMatchObject({
      code: 'no_pending_request',
    });
  });

  it('ends the turn of a message that the agent had not begun with, and the agent continues', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    await bench.say('next');
    await bench.agent.received(1);
    bench.agent.interruptOutcome = 'withdrawn';
    await interrupt();

    expect(await bench.agent.received(2)).toMatchObject({ content: 'next' });
    expect(await bench.data('result')).toMatchObject([{ ...FAILED, total_cost_usd: 0 }]);
    expect(await bench.data('error')).toEqual([]);
    expect(bench.agents).toHaveLength(1);
  });

  it('kills an agent that does not stop in time, and the next one resumes the conversation', async () => {
    bench = await SessionBench.start();
    const first = bench.agent;
    const free = bench.holdEnd();
    await bench.say('hi');
    await bench.say('next');
    await first.received(1);
    const asked = first.ask('Bash', {}, { toolUseID: 'toolu_1' });
    await interrupt();
    await asked;
    const late = first.ask('Bash', {}, { toolUseID: 'toolu_2' });
    jest.advanceTimersByTime(999);
    await settle();
    expect(first.calls).toEqual(['interrupt']);
    jest.advanceTimersByTime(1);
    expect(await late).toMatchObject({ behavior: 'deny' });
    await bench.said('turn_start', 2);
    expect(first.calls).toEqual(['interrupt', 'close']);
    expect((await bench.names()).slice(-6)).toEqual([
      'request_resolved',
      'error',
      'result',
      'session_state',
      'session_state',
      'turn_start',
    ]);
    expect(await bench.data('error')).toEqual([expect.objectContaining({ code: 'agent_stopped' })]);
    await settle();
    // Both would write the same transcript, so the next one waits.
    expect(bench.agents).toHaveLength(1);
    free();
    const second = await bench.started(2);
    expect(second.start.resume).toBe(true);
    expect(await second.received(1)).toMatchObject({ content: 'next' });
  });

  it('kills an agent that rejects the interrupt', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    await bench.agent.received(1);
    bench.agent.onInterrupt = () => {
      throw new Error('no');
    };
    await interrupt();
    await settle();
    jest.advanceTimersByTime(1000);
    await bench.said('result');
    expect(bench.session.state).toBe('dormant');
  });

  it('does not reach the next turn when the interrupted one ended in time', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    await bench.say('next');
    await bench.agent.received(1);
    await interrupt();
    bench.agent.say(result({ subtype: 'error_during_execution' }));
    await bench.agent.received(2);
    jest.advanceTimersByTime(10_000);
    await settle();
    expect(bench.session.state).toBe('running');
    expect(await bench.names()).not.toContain('error');
  });
});
