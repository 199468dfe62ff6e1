import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { DEMO_LOAD } from './demo-load.js';
import { Load } from './load.js';
import { findForgotten } from './memory.js';
import { describeOwnPostgres, OwnPostgres } from './own-postgres.js';
import { Random } from './random.js';
import { REAL_LOAD, RealAgent } from './real-agent.js';
import { eachRound, rounds } from './rounds.js';
import { LEASE_MS } from './test-storage.js';
import { RealServer } from './real-server.js';

/** The maximum time for which the database is down, without the time of its restart. */
const MAX_OUTAGE_MS = 1000;

describeOwnPostgres('a PostgreSQL database that is killed repeatedly under load', () => {
  let sources: CompiledSources;
  let database: OwnPostgres;
  let agent: RealAgent;
  let server: RealServer;
  beforeAll(async () => {
    sources = await CompiledSources.create();
  });
  afterAll(() => sources.remove());
  beforeEach(async () => {
    database = await OwnPostgres.start();
    agent = await RealAgent.create();
  });
  afterEach(async () => {
    await server.close();
    await agent.gone();
    await agent.close();
    await database.remove();
  });

  async function startServer(settings: Record<string, string>): Promise<void> {
    server = new RealServer(sources, {
      ...settings,
      AGENT_WEBKIT_STORAGE: database.url,
      AGENT_WEBKIT_LEASE_MS: LEASE_MS,
    });
    await server.start();
  }

  it('makes the server reject requests that it cannot store, without losing data', async () => {
    await startServer({ AGENT_WEBKIT_AGENT: 'demo' });
    const random = new Random();
    const load = await Load.start(server, random, DEMO_LOAD);
    await load.survive(async () => {
      const kills = eachRound(rounds(6));
      while (!kills.next().done) {
        /* oxlint-disable no-await-in-loop -- one outage after the other */
        await load.randomMoment();
        await database.kill();
        await eventually(() => load.isRefused(), Boolean, Infinity);
        await delay(random.next() * MAX_OUTAGE_MS);
        await database.restart();
        expect(await load.violations()).toEqual([]);
        /* oxlint-enable no-await-in-loop */
      }
    });
    // The streams stayed open.
    expect(load.count('code', 'turn_interrupted')).toBe(0);
    expect(load.streams).toBe(DEMO_LOAD.sessions * DEMO_LOAD.readers);
  }, 300_000);

  it('loses no data when its server is killed, too', async () => {
    await startServer({ AGENT_WEBKIT_AGENT: 'demo' });
    const random = new Random();
    const load = await Load.start(server, random, DEMO_LOAD);
    const isInterrupted = () => load.count('code', 'turn_interrupted') > 0;
    await load.survive(async () => {
      for (const kill of eachRound(6)) {
        // Few rounds may all hit a moment without a turn.
        if (kill > rounds(6) && isInterrupted()) break;
        /* oxlint-disable no-await-in-loop -- one end after the other */
        await load.randomMoment();
        // In random order.
        await Promise.all(
          kill % 2 === 0 ? [database.kill(), server.kill()] : [server.kill(), database.kill()],
        );
        await database.restart();
        if (kill % 3 === 0) {
          // Once more, when the next server has resumed few sessions or none.
          await server.start(() => database.kill());
          await delay(random.next() * MAX_OUTAGE_MS);
          await database.restart();
        } else {
          await server.start();
        }
        expect(await load.violations()).toEqual([]);
        /* oxlint-enable no-await-in-loop */
      }
    });
    expect(isInterrupted()).toBe(true);
  }, 300_000);

  it('does not make an agent lose its memory', async () => {
    await startServer(agent.settings);
    const random = new Random();
    const load = await Load.start(server, random, REAL_LOAD);
    await load.survive(async () => {
      for (const kill of eachRound(rounds(4))) {
        /* oxlint-disable no-await-in-loop -- one outage after the other */
        await load.randomMoment();
        await database.kill();
        await delay(random.next() * MAX_OUTAGE_MS);
        await database.restart();
        if (kill % 2 === 0) {
          // The agents then know only the contents of the database.
          await load.randomMoment();
          await server.kill();
          await agent.forgetFiles();
          await server.start();
        }
        expect(await load.violations()).toEqual([]);
        /* oxlint-enable no-await-in-loop */
      }
    });
    expect(load.count('subtype', 'success')).toBeGreaterThan(0);
    const forgotten = load.logs.flatMap((log) => findForgotten(log, agent.requests));
    expect(forgotten).toEqual([]);
  }, 300_000);

  it('does not keep a server from processing queued messages without a client', async () => {
    await startServer({ AGENT_WEBKIT_AGENT: 'demo' });
    const created = await server.request('POST', '/sessions');
    const { session_id: id } = JSON.parse(created?.body ?? '') as { session_id: string };
    for (const content of ['long', 'fail']) {
      // oxlint-disable-next-line no-await-in-loop -- one turn runs while the other message is queued
      await server.request('POST', `/sessions/${id}/input`, { type: 'user_message', content });
    }
    await server.kill();

    // The next server takes over nothing before its own lease is one lease old. The database is killed before that.
    await server.start(() => database.kill());
    await database.restart();
    await eventually(
      async () => (await server.request('GET', '/sessions'))?.body ?? '',
      (body) => body.includes('"state":"idle"'),
      Infinity,
    );
  }, 60_000);
});
