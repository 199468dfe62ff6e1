import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';

describe.each(ADAPTERS)('Permission modes on %s', (adapter) => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter, { timeouts: { idleTimeoutMs: 50 } });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const isMade = (name: string) => app.isMade(name);

  it('apply from the next turn on, and are rejected when the host does not allow them', async () => {
    const tab = await app.open();
    await tab.turn('hello');
    await tab.session.setPermissionMode('acceptEdits');
    await tab.turn('bash touch accepted');
    expect(isMade('accepted')).toBe(true);
    expect(tab.all('permission_request')).toEqual([]);
    expect(await app.server.info(tab.id)).toMatchObject({ permission_mode: 'acceptEdits' });

    await tab.session.setPermissionMode('default');
    await tab.session.send('bash touch asked');
    await tab.session.deny(await tab.asked());
    await tab.next('result');
    expect(isMade('asked')).toBe(false);

    await expect(tab.session.setPermissionMode('bypassPermissions')).rejects.toMatchObject({
      status: 403,
    });
    await expect(tab.session.setPermissionMode('nonsense')).rejects.toMatchObject({ status: 400 });
    await tab.session.close();
  });

  it('can be requested when the session is created', async () => {
    const tab = await app.open({ permission_mode: 'acceptEdits' });
    await tab.turn('bash touch requested');
    expect(isMade('requested')).toBe(true);
    expect(tab.all('permission_request')).toEqual([]);
    await tab.session.close();
  });

  it('follow the agent into plan mode and out of it, also over a stop', async () => {
    let tab = await app.open();
    await tab.turn('use EnterPlanMode {}');
    const [entered] = tab.all('permission_mode_changed');
    expect(entered).toMatchObject({ permission_mode: 'plan' });
    expect(await app.server.info(tab.id)).toMatchObject({ permission_mode: 'plan' });
    const seen = tab.lastId;
    tab.session.detach();
    await app.reaches(tab.id, 'dormant');

    tab = app.attach(tab.id, seen);
    await tab.session.send('use ExitPlanMode {}');
    await tab.session.approve(await tab.asked());
    await tab.next('result');
    const [left] = tab.all('permission_mode_changed');
    expect(left).toMatchObject({ permission_mode: 'default' });
    expect(await app.server.info(tab.id)).toMatchObject({ permission_mode: 'default' });
    await tab.session.close();
  });

  it('change with an accepted suggestion, also for an agent that is resumed later', async () => {
    const tab = await app.open();
    await tab.session.send('bash touch suggested');
    const { correlation_id, context } = await tab.next('permission_request');
    const { suggestions } = context as { suggestions: { type: string }[] };
    const updatedPermissions = suggestions.filter(({ type }) => type === 'setMode');
    expect(updatedPermissions).toMatchObject([{ mode: 'acceptEdits', destination: 'session' }]);
    await tab.session.approve(String(correlation_id), { updatedPermissions });
    await tab.next('result');
    const seen = tab.lastId;
    tab.session.detach();
    await app.reaches(tab.id, 'dormant');

    const back = app.attach(tab.id, seen);
    await back.turn('bash touch resumed');
    expect(isMade('resumed')).toBe(true);
    expect(back.all('permission_request')).toEqual([]);
    await back.session.close();
  });
});
