import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';

describe.each(ADAPTERS)('permission modes on %s', (adapter) => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter, { timeouts: { idleTimeoutMs: 50 } });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const isMade = (name: string) => existsSync(join(app.cwd, name));

  it('holds from the next turn on, there and back, but for those that the host does not offer', async () => {
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

  it('may be wished for at the start', async () => {
    const tab = await app.open({ permission_mode: 'acceptEdits' });
    await tab.turn('bash touch wished');
    expect(isMade('wished')).toBe(true);
    expect(tab.all('permission_request')).toEqual([]);
    await tab.session.close();
  });

  it('changes with a suggestion that is taken, and an agent that is woken keeps to it', async () => {
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
    await back.turn('bash touch woken');
    expect(isMade('woken')).toBe(true);
    expect(back.all('permission_request')).toEqual([]);
    await back.session.close();
  });
});
