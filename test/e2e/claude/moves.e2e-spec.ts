import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PostgresStorage } from '../../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { describePostgres, PostgresBench } from '../../support/postgres.js';
import { ClaudeApp } from './claude-app.js';

describePostgres('Two servers on one database', () => {
  let bench: PostgresBench;
  let first: ClaudeApp;
  let second: ClaudeApp;
  // The server closes it.
  const connect = () => PostgresStorage.connect(bench.url, { schema: bench.schema });
  beforeAll(async () => {
    bench = new PostgresBench();
    first = await ClaudeApp.start('express', {
      storage: await connect(),
      timeouts: { idleTimeoutMs: 100 },
    });
    second = await ClaudeApp.start('fastify', {
      storage: await connect(),
      workspace: { root: first.cwd },
    });
  });
  afterAll(async () => {
    const left = [await second.close(), await first.close()];
    await bench.close();
    expect(left).toEqual([[], []]);
  });

  it('resume a dormant session on the server that never had it, with its conversation', async () => {
    const tab = await first.open();
    await tab.turn('remember the milk');
    const { lastId } = tab;
    tab.session.detach();
    await first.reaches(tab.id, 'dormant');

    const moved = second.attach(tab.id, lastId);
    await moved.turn('recall');
    expect(moved.said().at(-1)).toBe('remember the milk | recall');
    // The events of the second server follow those of the first one without a gap.
    const page = await second.server.request('GET', `/sessions/${tab.id}/events?after=${lastId}`);
    expect(page.body['events']).toMatchObject(moved.ids().map((id) => ({ id })));
    expect(await second.processes(tab.id)).toHaveLength(1);
  });
});
