import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AgentSlots, type SlotHolder } from '../../../src/agent-webkit/engine/agent/agent-slots.js';
import type { SDKMessage } from '../../../src/agent-webkit/engine/agent-client.js';
import {
  backgroundTasks,
  init,
  result,
  taskEnded,
  taskStarted,
} from '../../support/sdk-messages.js';
import { SessionBench, settle, stopTime } from '../../support/session-bench.js';

const HOUR = 3_600_000;
const REJECTED = { code: 'no_running_task' };
const LOST = { task_id: 't1', tool_use_id: 'toolu_t1', status: 'lost' };

async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await settle();
}

describe('the tasks of a session', () => {
  let bench: SessionBench;
  const limits = { backgroundTaskTimeoutMs: HOUR, interruptTimeoutMs: 1000 };
  const stop = (task_id = 't1') =>
    bench.session.accept({ type: 'stop_task', task_id }, { id: 'ada' });
  const emit = async (...messages: SDKMessage[]) => {
    bench.agent.say(...messages);
    await settle();
  };
  /** Runs a turn that leaves a background task behind. */
  const leaveTask = async () => {
    await bench.say('hi');
    await bench.said('turn_start');
    await emit(init(), backgroundTasks('t1'), taskStarted('t1'), result());
  };
  const tasks = () => bench.session.info().tasks;

  beforeEach(async () => {
    stopTime();
    bench = await SessionBench.start({ limits });
  });
  afterEach(async () => {
    await bench.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('are described from their start to their end, while the session is idle', async () => {
    await leaveTask();
    const now = new Date().toISOString();
    expect(bench.session.info()).toMatchObject({
      state: 'idle',
      tasks: [{ task_id: 't1', in_background: true, started_at: now }],
    });
    expect(bench.session.isActive).toBe(true);
    await emit(taskEnded('t1'), backgroundTasks());
    expect(tasks()).toEqual([]);
    expect(bench.session.isActive).toBe(false);
  });

  it('are stopped once, and only while they run', async () => {
    await expect(stop()).rejects.toMatchObject(REJECTED);
    await leaveTask();
    await expect(stop('unknown')).rejects.toMatchObject(REJECTED);
    await stop();
    await expect(stop()).rejects.toMatchObject(REJECTED);
    expect(bench.agent.calls).toEqual(['stopTask t1']);
    await emit(taskEnded('t1', { status: 'stopped' }), backgroundTasks());
    await expect(stop()).rejects.toMatchObject(REJECTED);
    await emit(backgroundTasks('t1'), taskStarted('t1'));
    await stop();
    expect(bench.agent.calls).toEqual(['stopTask t1', 'stopTask t1']);
  });

  it('can be stopped again when the agent rejected that', async () => {
    await leaveTask();
    bench.agent.stopTask = () => Promise.reject(new Error('Not now.'));
    await stop();
    await bench.said('error');
    await stop();
    const rejected = { code: 'agent_error', message: 'Not now.' };
    expect(await bench.data('error')).toMatchObject([rejected, rejected]);
  });

  it('end as lost when their agent crashes, and cannot be stopped in a dormant session', async () => {
    await leaveTask();
    bench.agent.die('crashed');
    await bench.said('session_state');
    expect(await bench.data('task_ended')).toMatchObject([LOST]);
    expect((await bench.names()).slice(-3)).toEqual(['error', 'task_ended', 'session_state']);
    expect(tasks()).toEqual([]);
    await expect(stop()).rejects.toMatchObject(REJECTED);
  });

  it('end as lost before the session does, and when its server stops', async () => {
    await leaveTask();
    await bench.session.end('released', 0);
    bench = await SessionBench.restart(bench);
    expect(await bench.data('task_ended')).toMatchObject([LOST]);
    await bench.say('again');
    await bench.said('turn_start', 2);
    await emit(init(), backgroundTasks('t1'), taskStarted('t1'), result());
    const subscription = bench.session.subscribe(bench.session.info().last_id, () => undefined);
    await bench.session.end('deleted', 0);
    const reading = subscription.read(10_000);
    expect(reading.kind === 'events' && reading.events.map(({ name }) => name)).toEqual([
      'task_ended',
      'done',
    ]);
    subscription.close();
  });

  it('end as lost when the session is restored after its server was killed', async () => {
    await leaveTask();
    const killed = bench;
    expect(await bench.storage.records.get(bench.record.id)).not.toBeNull();
    bench = await SessionBench.restart(killed);
    expect(await bench.data('task_ended')).toMatchObject([LOST]);
    expect(bench.session.info()).toMatchObject({ state: 'dormant', tasks: [] });
    await killed.close();
  });

  it('are stopped when they run in the background for too long', async () => {
    await leaveTask();
    await pass(HOUR - 1);
    expect(bench.agent.calls).toEqual([]);
    await pass(1);
    expect(bench.agent.calls).toEqual(['stopTask t1']);
    expect(await bench.data('error')).toMatchObject([{ code: 'task_timeout' }]);
    await emit(taskEnded('t1', { status: 'stopped' }), backgroundTasks());
    await pass(HOUR);
    expect(bench.session.state).toBe('idle');
    expect(bench.agent.calls).toEqual(['stopTask t1']);
  });

  it('end with their agent when they cannot be stopped, but not in a turn', async () => {
    await leaveTask();
    await pass(HOUR);
    await bench.say('more');
    await bench.said('turn_start', 2);
    await pass(1000);
    expect(bench.session.state).toBe('running');
    await emit(init(), result());
    await pass(1000);
    expect(bench.session.state).toBe('dormant');
    expect(await bench.data('task_ended')).toMatchObject([LOST]);
    expect(bench.agent.calls).toEqual(['stopTask t1', 'close']);
  });

  it('keep the slot of their agent from other sessions for the grace period only', async () => {
    await bench.close();
    const slots = new AgentSlots(1, 60_000);
    bench = await SessionBench.start({ slots });
    await leaveTask();
    const other = await SessionBench.start({ slots });
    await pass(59_999);
    await expect(other.say('hi')).rejects.toMatchObject({ code: 'agents_busy' });
    await pass(1);
    await other.say('hi');
    expect(await (await other.started(1)).received(1)).toMatchObject({ content: 'hi' });
    expect(bench.session.state).toBe('dormant');
    expect(await bench.data('task_ended')).toMatchObject([LOST]);
    await other.close();
  });

  it('lose the slot of their agent to a session that waits, although the agent begins turns by itself', async () => {
    await bench.close();
    const slots = new AgentSlots(1, 60_000);
    bench = await SessionBench.start({ slots });
    await leaveTask();
    await emit(init());
    const other: SlotHolder = { idleSince: null, evict: async () => undefined };
    const waiting = slots.acquire(other);
    await pass(60_000);
    await emit({ ...result(), origin: { kind: 'task-notification' } } as SDKMessage);
    expect(bench.session.state).toBe('dormant');
    expect(await waiting).toBe(true);
    slots.release(other);
  });

  it('are not limited while a tool use waits for them', async () => {
    await bench.say('hi');
    await bench.said('turn_start');
    await emit(init(), taskStarted('t1', { is_backgrounded: false }));
    await pass(2 * HOUR);
    expect(bench.agent.calls).toEqual([]);
    expect(tasks()).toMatchObject([{ task_id: 't1', in_background: false }]);
    await stop();
    expect(bench.agent.calls).toEqual(['stopTask t1']);
    await emit(taskEnded('t1'), result());
  });
});
