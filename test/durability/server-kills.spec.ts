import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { DEMO_LOAD } from './demo-load.js';
import { Load } from './load.js';
import { Random } from './random.js';
import { RealServer } from './real-server.js';
import { eachRound, rounds } from './rounds.js';
import { DURABLE, type TestStorage, LEASE_MS } from './test-storage.js';

const KILLS = rounds(24);

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

for (const { name, describe, create } of DURABLE) {
  describe(`a server on ${name} that is killed repeatedly under load`, () => {
    let storage: TestStorage;
    let server: RealServer;
    beforeEach(async () => {
      storage = await create();
      const settings = {
        AGENT_WEBKIT_AGENT: 'demo',
        AGENT_WEBKIT_STORAGE: storage.setting,
        AGENT_WEBKIT_LEASE_MS: LEASE_MS,
      };
      server = new RealServer(sources, settings);
      await server.start();
    });
    afterEach(async () => {
      await server.close();
      await storage.remove();
    });

    it('loses, repeats and changes no event', async () => {
      const load = await Load.start(server, new Random(), DEMO_LOAD);
      await load.survive(async () => {
        for (const kill of eachRound(KILLS)) {
          /* oxlint-disable no-await-in-loop -- one server after the other */
          await load.randomMoment();
          await server.kill();
          await server.start();
          if (kill % 4 === 0) {
            // While it resumes the sessions of the previous server.
            await load.nextEvent();
            await server.kill();
            await server.start();
          }
          expect(await load.violations()).toEqual([]);
          /* oxlint-enable no-await-in-loop */
        }
      });
      expect(load.count('code', 'turn_interrupted')).toBeGreaterThan(KILLS);
      expect(load.count('subtype', 'success')).toBeGreaterThan(0);
      expect(load.count('outcome', 'allowed')).toBeGreaterThan(0);
    }, 300_000);
  });
}
