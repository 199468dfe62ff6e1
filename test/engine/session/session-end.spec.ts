import { afterEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { HeldStorage } from '../../support/held-storage.js';
import { result } from '../../support/sdk-messages.js';
import { SessionBench, settle, stopTime } from '../../support/session-bench.js';

/** Starts a session. The test releases its commits one by one. */
async function startHeld(): Promise<[SessionBench, HeldStorage]> {
  const storage = new HeldStorage();
  storage.events.isHeld = false;
  const bench = await SessionBench.start({ storage });
  await settle();
  storage.events.isHeld = true;
  return [bench, storage];
}

/** Ends a session and waits until its agent is gone. */
async function end(bench: SessionBench, how: 'deleted' | 'released'): Promise<void> {
  const { agentGone } = await bench.session.end(how, 0);
  await agentGone;
  await settle();
}

const lives = (bench: SessionBench) => bench.agents.filter(({ isClosed }) => !isClosed).length;

describe('the end of a session', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('publishes done, ends the streams and stops the agent', async () => {
    const bench = await SessionBench.start();
    const subscription = bench.session.subscribe(1, () => undefined);
    await end(bench, 'deleted');
    expect(subscription.read(1000)).toMatchObject({ events: [{ name: 'done' }] });
    expect(subscription.read(1000)).toEqual({ kind: 'ended' });
    expect(bench.session.state).toBe('closed');
    expect(lives(bench)).toBe(0);
    subscription.close();
    await bench.session.unsubscribed();
  });

  it('reports a running turn as interrupted and publishes no done when it is released', async () => {
    const bench = await SessionBench.start();
    await bench.say('hi');
    const asked = bench.agent.ask('Bash', {}, { toolUseID: 'toolu_1' });
    await end(bench, 'released');
    expect(await asked).toMatchObject({ behavior: 'deny' });
    expect((await bench.names()).slice(3)).toEqual([
      'permission_request',
      'request_resolved',
      'error',
      'result',
      'session_state',
    ]);
    expect(await bench.data('error')).toEqual([
      expect.objectContaining({ code: 'turn_interrupted' }),
    ]);
    await expect(bench.say('more')).rejects.toMatchObject({ code: 'shutting_down' });
  });

  it('publishes nothing when an idle session is released', async () => {
    const bench = await SessionBench.start();
    await end(bench, 'released');
    expect(await bench.names()).toEqual(['session_ready']);
  });

  it('makes the session reject later messages', async () => {
    const bench = await SessionBench.start();
    await end(bench, 'deleted');
    await expect(bench.say('more')).rejects.toMatchObject({ code: 'session_not_found' });
    await expect(bench.session.accept({ type: 'interrupt' }, { id: 'ada' })).rejects.toThrow(
      'Session not found',
    );
  });

  it.each(['deleted', 'released'] as const)(
    'starts no agent when the session is %s while a turn_start is being committed',
    async (how) => {
      const [bench, storage] = await startHeld();
      bench.agent.die('crashed');
      await storage.events.holds('error');
      storage.events.commit();
      const said = bench.say('hi');
      await storage.events.holds('user_message');
      storage.events.commit();
      await said;
      await storage.events.holds('turn_start');
      const ended = end(bench, how);
      storage.events.release();
      await ended;
      expect(bench.agents).toHaveLength(1);
      expect(bench.agent.inputs).toEqual([]);
      expect(lives(bench)).toBe(0);
    },
  );

  it('prevents the start of an agent right after a message was accepted', async () => {
    const bench = await SessionBench.start();
    bench.agent.die('crashed');
    await bench.said('session_state');
    const said = bench.say('hi');
    await end(bench, 'deleted');
    await said;
    expect(bench.agents).toHaveLength(1);
    expect((await bench.names()).at(-1)).toBe('done');
  });

  it('prevents the start of an agent while the last one is still being closed', async () => {
    const bench = await SessionBench.start();
    await bench.say('hi');
    const free = bench.holdEnd();
    bench.agent.die('crashed');
    await bench.said('session_state');
    await bench.say('again');
    await bench.said('turn_start', 2);
    const ended = end(bench, 'deleted');
    await settle();
    expect(bench.agents).toHaveLength(1);
    free();
    await ended;
    expect(bench.agents).toHaveLength(1);
  });

  it('publishes nothing after done, and cancels requests of an agent that is being closed', async () => {
    const bench = await SessionBench.start();
    await bench.say('hi');
    const free = bench.holdEnd();
    const { agentGone } = await bench.session.end('deleted', 0);
    bench.agent.say(result());
    const asked = bench.agent.ask('Bash', {}, { toolUseID: 'toolu_1' });
    expect(await asked).toMatchObject({ behavior: 'deny' });
    const elicited = bench.agent.askPeople('elicitation', { serverName: 'crm', message: 'Who?' });
    expect(await elicited).toEqual({ action: 'cancel' });
    free();
    await agentGone;
    await settle();
    expect((await bench.names()).at(-1)).toBe('done');
    const stored = await bench.storage.events.read(bench.session.id, 0, 100);
    expect(stored.at(-1)?.name).toBe('done');
  });

  it('may be requested several times, and happens once', async () => {
    const bench = await SessionBench.start();
    await Promise.all([end(bench, 'deleted'), end(bench, 'released'), end(bench, 'deleted')]);
    expect(await bench.names()).toEqual(['session_ready', 'done']);
  });

  it('resolves a second request only when the last event is committed', async () => {
    const [bench, storage] = await startHeld();
    const first = bench.session.end('deleted', 0);
    await storage.events.holds('done');
    const second = jest.fn();
    const isOver = bench.session.end('released', 0).then(second);
    await settle();
    expect(second).not.toHaveBeenCalled();
    expect(bench.session.endReason).toBe('deleted');
    storage.events.release();
    await Promise.all([first, isOver]);
    expect((await bench.names()).at(-1)).toBe('done');
  });

  it('leaves no timer', async () => {
    stopTime();
    const bench = await SessionBench.start({ limits: { idleTimeoutMs: 5000 } });
    expect(jest.getTimerCount()).toBe(1);
    await bench.say('hi');
    await bench.agent.received(1);
    await bench.session.accept({ type: 'interrupt' }, { id: 'ada' });
    expect(jest.getTimerCount()).toBe(1);
    await end(bench, 'deleted');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leaves no agent and publishes nothing after the last event, at any moment', async () => {
    const step = fc.constantFrom('say', 'result', 'die', 'interrupt', 'ask', 'commit', 'tick');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.constantFrom('deleted' as const, 'released' as const),
        async (steps, how) => {
          const [bench, storage] = await startHeld();
          const sending: Promise<unknown>[] = [];
          let asks = 0;
          for (const kind of steps) {
            if (kind === 'say') sending.push(bench.say('x'));
            if (kind === 'result' && bench.session.state === 'running') bench.agent.say(result());
            if (kind === 'die') bench.agent.die('oops');
            if (kind === 'interrupt')
              sending.push(bench.session.accept({ type: kind }, { id: 'ada' }));
            if (kind === 'ask') {
              sending.push(bench.agent.ask('Bash', {}, { toolUseID: `toolu_${(asks += 1)}` }));
            }
            if (kind === 'commit') storage.events.commit();
            // oxlint-disable-next-line no-await-in-loop -- steps come one after the other
            await (kind === 'tick' ? settle(1) : Promise.resolve());
          }
          const ended = end(bench, how);
          sending.push(bench.agent.ask('Bash', {}, { toolUseID: 'toolu_late' }));
          storage.events.release();
          await ended;
          await Promise.allSettled(sending);
          await settle();
          expect(lives(bench)).toBe(0);
          const stored = await storage.events.read(bench.session.id, 0, 1000);
          expect(stored).toHaveLength(bench.session.info().last_id);
          if (how === 'deleted') expect(stored.at(-1)?.name).toBe('done');
          expect(bench.session.info().pending).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
