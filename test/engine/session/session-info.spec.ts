import { describe, expect, it } from '@jest/globals';
import { result } from '../../support/sdk-messages.js';
import { HeldStorage } from '../../support/held-storage.js';
import { SessionBench, settle } from '../../support/session-bench.js';

/** Starts a session whose agent has a message. The test releases each later commit. */
async function startHeld() {
  const storage = new HeldStorage();
  storage.events.isHeld = false;
  const create = SessionBench.start({ storage });
  storage.events.release();
  const bench = await create;
  await bench.say('hi');
  await bench.agent.received(1);
  storage.events.isHeld = true;
  return { bench, events: storage.events };
}

describe('the info of a session', () => {
  it('lists a request from its commit until the commit of its resolution', async () => {
    const { bench, events } = await startHeld();
    void bench.agent.ask('Bash', { command: 'ls' }, { toolUseID: 'toolu_1' });
    await events.holds('permission_request');
    expect(bench.session.info()).toMatchObject({ state: 'running', pending: [] });
    events.commit();
    await settle();
    const pending = [{ event: 'permission_request', correlation_id: 'toolu_1' }];
    expect(bench.session.info()).toMatchObject({ state: 'awaiting', pending });
    const reply = bench.session.accept(
      { type: 'permission_response', correlation_id: 'toolu_1', behavior: 'allow' },
      { id: 'ada' },
    );
    await events.holds('request_resolved');
    expect(bench.session.info()).toMatchObject({ state: 'awaiting', pending });
    events.commit();
    await reply;
    expect(bench.session.info()).toMatchObject({ state: 'running', pending: [] });
  });

  it('is running with the previous cost until the result is committed', async () => {
    const { bench, events } = await startHeld();
    bench.agent.say(result({ cost: 0.5 }));
    await events.holds('result');
    expect(bench.session.info()).toMatchObject({ state: 'running', total_cost_usd: 0 });
    events.commit();
    await settle();
    expect(bench.session.info()).toMatchObject({ state: 'idle', total_cost_usd: 0.5 });
  });

  it('is the same after a restart as before it', async () => {
    const { bench, events } = await startHeld();
    events.release();
    bench.agent.say(result({ cost: 0.5 }));
    await bench.said('result');
    await bench.session.stopIdleAgent();
    const before = bench.session.info();
    const restarted = await SessionBench.restart(bench);
    expect(restarted.session.info()).toEqual({ ...before, state: 'dormant' });
  });
});
