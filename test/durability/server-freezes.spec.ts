import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describePostgres } from '../support/postgres.js';
import { BuiltServer } from './built-server.js';
import { DEMO_LOAD } from './demo-load.js';
import { Load } from './load.js';
import { Random } from './random.js';
import { RealServer } from './real-server.js';
import { createDatabase, type TestStorage } from './test-storage.js';

const FREEZES = 6;

describePostgres('a server that stood still while another one took its place', () => {
  let built: BuiltServer;
  let storage: TestStorage;
  let server: RealServer;
  beforeAll(async () => {
    built = await BuiltServer.build();
    storage = await createDatabase();
    const settings = { AGENT_WEBKIT_AGENT: 'demo', AGENT_WEBKIT_STORAGE: storage.setting };
    server = new RealServer(built, settings);
    await server.start();
  }, 60_000);
  afterAll(async () => {
    await server.close();
    await storage.remove();
    await built.remove();
  });

  it('changes nothing when it goes on', async () => {
    const load = await Load.start(server, new Random(), DEMO_LOAD);
    await load.survive(async () => {
      for (let freeze = 1; freeze <= FREEZES; freeze += 1) {
        /* oxlint-disable no-await-in-loop -- one after the other */
        await load.randomMoment();
        const stale = server.freeze();
        await server.start();
        await load.randomMoment();
        stale.thaw();
        await load.randomMoment();
        expect(await load.violations()).toEqual([]);
        await stale.kill();
        // What the next one has is what is stored.
        await server.kill();
        await server.start();
        expect(await load.violations()).toEqual([]);
        /* oxlint-enable no-await-in-loop */
      }
    });
  }, 300_000);
});
