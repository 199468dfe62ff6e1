import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { Load } from './load.js';
import { findForgotten } from './memory.js';
import { Random } from './random.js';
import { REAL_LOAD, RealAgent } from './real-agent.js';
import { RealServer } from './real-server.js';
import { eachRound, rounds } from './rounds.js';
import { DURABLE, type TestStorage, LEASE_MS } from './test-storage.js';

const KILLS = rounds(6);

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

for (const { name, describe, create } of DURABLE) {
  describe(`a server with the real agent on ${name} that is killed repeatedly`, () => {
    let storage: TestStorage;
    let agent: RealAgent;
    let server: RealServer;
    beforeEach(async () => {
      storage = await create();
      agent = await RealAgent.create();
      const settings = {
        ...agent.settings,
        AGENT_WEBKIT_STORAGE: storage.setting,
        AGENT_WEBKIT_LEASE_MS: LEASE_MS,
      };
      server = new RealServer(sources, settings);
      await server.start();
    });
    afterEach(async () => {
      await server.close();
      await agent.gone();
      await agent.close();
      await storage.remove();
    });

    it('loses no event, and its agents remember the conversation', async () => {
      const load = await Load.start(server, new Random(), REAL_LOAD);
      await load.survive(async () => {
        for (const kill of eachRound(KILLS)) {
          /* oxlint-disable no-await-in-loop -- one server after the other */
          await load.randomMoment();
          await server.kill();
          if (kill % 2 === 0) await agent.forgetFiles();
          await server.start();
          expect(await load.violations()).toEqual([]);
          /* oxlint-enable no-await-in-loop */
        }
      });
      expect(load.count('code', 'turn_interrupted')).toBeGreaterThanOrEqual(KILLS);
      expect(load.count('subtype', 'success')).toBeGreaterThan(0);
      const forgotten = load.logs.flatMap((log) => findForgotten(log, agent.requests));
      expect(forgotten).toEqual([]);
    }, 300_000);
  });
}
