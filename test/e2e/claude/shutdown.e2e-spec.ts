import { describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';

describe.each(ADAPTERS)('Shutdown of a server on %s', (adapter) => {
  it('takes less than 5 s during a turn and a tool, publishes done, and leaves no process', async () => {
    const app = await ClaudeApp.start(adapter);
    const streaming = await app.open();
    const working = await app.open();
    const second = app.attach(streaming.id);
    await streaming.session.send('hold forever');
    await working.session.send('bash tail -f /dev/null');
    await working.session.approve(await working.asked());
    await second.next('message_delta');
    const ids = [streaming.id, working.id];
    const processes = async () =>
      (await Promise.all(ids.map((id) => app.processes(id)))).map((pids) => pids.length);
    expect(await processes()).not.toContain(0);

    const begun = performance.now();
    await app.server.app.close();
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(await processes()).toEqual([0, 0]);
    for (const tab of [streaming, working, second]) {
      expect(await tab.ended).toBeNull();
      expect(tab.names().at(-1)).toBe('done');
    }
    expect(await app.close()).toEqual([]);
  });

  it('cancels an open request, and publishes that it was cancelled', async () => {
    const app = await ClaudeApp.start(adapter);
    const tab = await app.open();
    await tab.session.send('bash touch never');
    await tab.asked();
    await app.server.app.close();

    expect(await tab.ended).toBeNull();
    expect(tab.all('request_resolved')).toMatchObject([{ outcome: 'cancelled' }]);
    expect(tab.names().at(-1)).toBe('done');
    expect(await app.close()).toEqual([]);
  });

  it('leaves no process while an agent starts', async () => {
    const app = await ClaudeApp.start(adapter);
    const tab = await app.open();
    await tab.session.send('too early');
    await app.server.app.close();

    expect(await tab.ended).toBeNull();
    expect(await app.close()).toEqual([]);
  });
});
