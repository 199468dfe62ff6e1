import { afterEach, describe, expect, it } from '@jest/globals';
import type { PermissionMode } from '../../../src/agent-webkit/engine/agent-client.js';
import { HeldStorage } from '../../support/held-storage.js';
import { latch } from '../../support/latch.js';
import { init, modeStatus, result } from '../../support/sdk-messages.js';
import { SessionBench, settle } from '../../support/session-bench.js';

const initIn = (permissionMode: string) =>
  ({ ...init(), permissionMode }) as ReturnType<typeof init>;

describe('The permission mode of a session', () => {
  let bench: SessionBench;
  afterEach(() => bench.close());

  const set = (mode: PermissionMode) =>
    bench.session.accept({ type: 'set_permission_mode', mode }, { id: 'ada' });
  const modes = async () =>
    (await bench.data('permission_mode_changed')).map(
      (data) => (data as { permission_mode: string }).permission_mode,
    );

  it('follows the agent, in the log, in the description and for the next agent', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    await bench.agent.received(1);
    bench.agent.say(initIn('default'), modeStatus('plan'), modeStatus('plan'));
    await bench.said('permission_mode_changed');
    await settle();
    expect(bench.session.info().permission_mode).toBe('plan');
    bench.agent.say(result());
    await bench.said('result');
    await bench.session.stopIdleAgent();
    await bench.say('again');
    expect((await bench.started(2)).start.permissionMode).toBe('plan');
    bench.agent.say(initIn('plan'), modeStatus('default'), modeStatus('acceptEdits'));
    await bench.said('permission_mode_changed', 3);
    expect(await modes()).toEqual(['plan', 'default', 'acceptEdits']);
    await settle();
    const record = await bench.storage.records.get(bench.session.id);
    expect(record?.config.permissionMode).toBe('acceptEdits');
  });

  it('is in the log once after a client changed it', async () => {
    bench = await SessionBench.start();
    await set('plan');
    bench.agent.say(modeStatus('plan'), initIn('plan'));
    await set('plan');
    await settle();
    expect(await modes()).toEqual(['plan']);
  });

  it('is in the log when the request that changes it is answered', async () => {
    const storage = new HeldStorage();
    storage.events.isHeld = false;
    bench = await SessionBench.start({ storage });
    storage.events.isHeld = true;
    let isAnswered = false;
    const answered = set('plan').then(() => (isAnswered = true));
    await storage.events.holds('permission_mode_changed');
    await settle();
    expect(isAnswered).toBe(false);
    storage.events.release();
    await answered;
    expect(await modes()).toEqual(['plan']);
  });

  it('is not the one that the agent reported before it was changed', async () => {
    bench = await SessionBench.start();
    const { released, release } = latch();
    bench.agent.setPermissionMode = () => released;
    await set('plan');
    bench.agent.say(initIn('default'));
    await settle();
    release();
    await settle();
    expect(await modes()).toEqual(['plan']);
    expect(bench.session.config.permissionMode).toBe('plan');
  });

  it('is the one before again when the agent rejects the change', async () => {
    bench = await SessionBench.start();
    bench.agent.setPermissionMode = () => Promise.reject(new Error('Not now.'));
    await set('plan');
    await bench.said('permission_mode_changed', 2);
    await settle();
    expect(await modes()).toEqual(['plan', 'default']);
    expect(bench.session.config.permissionMode).toBe('default');
  });

  it('is set back when the agent changes to one that is not permitted', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    await bench.agent.received(1);
    bench.agent.say(initIn('default'), modeStatus('auto'));
    await bench.said('error');
    expect(bench.agent.calls).toEqual(['setPermissionMode default']);
    expect(await bench.data('error')).toMatchObject([{ code: 'agent_error' }]);
    expect(await modes()).toEqual([]);
    expect(bench.session.config.permissionMode).toBe('default');
  });

  it('may be the one in which the host created the session, though no client may request it', async () => {
    bench = await SessionBench.start({ config: { permissionMode: 'dontAsk' } });
    bench.agent.say(modeStatus('plan'), modeStatus('dontAsk'));
    await bench.said('permission_mode_changed', 2);
    expect(await modes()).toEqual(['plan', 'dontAsk']);
    expect(bench.agent.calls).toEqual([]);
  });
});
