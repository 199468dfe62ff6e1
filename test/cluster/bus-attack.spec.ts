import { expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { Client as Connection } from 'pg';
import { eventually } from '../support/eventually.js';
import { OwnRedis } from '../support/own-redis.js';
import { count } from './client.js';
import { type BusKind, describeCluster } from './world.js';

/** A program that uses the bus of the servers, but not their tables. */
interface Attacker {
  /** The messages that it has received. */
  readonly texts: string[];
  send(address: string, text: string): Promise<unknown>;
  remove(): Promise<void>;
}

async function onRedis(url: string): Promise<Attacker> {
  const [listener, sender] = [createClient({ url }), createClient({ url })];
  await Promise.all([listener.connect(), sender.connect()]);
  const texts: string[] = [];
  await listener.pSubscribe('*', (text) => void texts.push(text));
  return {
    texts,
    send: (address, text) => sender.publish(`agent-webkit:${address}`, text),
    remove: async () => {
      listener.destroy();
      sender.destroy();
    },
  };
}

async function onPostgres(url: string, addresses: readonly string[]): Promise<Attacker> {
  const connection = new Connection({ connectionString: url });
  await connection.connect();
  const texts: string[] = [];
  connection.on('notification', ({ payload = '' }) => void texts.push(payload));
  for (const address of addresses) {
    // oxlint-disable-next-line no-await-in-loop -- few
    await connection.query(`listen "agent_webkit_${address}"`);
  }
  return {
    texts,
    send: (address, text) =>
      connection.query('select pg_notify($1, $2)', [`agent_webkit_${address}`, text]),
    remove: () => connection.end(),
  };
}

describeCluster('whoever uses the bus of the servers', (world) => {
  it.each<BusKind>(['redis', 'postgres'])(
    'reads nothing that they send, and shows no client an event, with %s',
    async (bus) => {
      const database = await world.createDatabase();
      const redis = bus === 'redis' ? await world.keep(OwnRedis.start()) : null;
      const settings = redis ? { AGENT_WEBKIT_BUS: redis.url } : {};
      const site = await world.open({ database, servers: 2, settings });
      const client = world.client();
      const tables = await world.keep(onTables(database));
      const addresses = await eventually(
        () => tables.addresses(),
        (found) => found.length === 2,
      );
      const attacker = await world.keep(
        bus === 'redis' ? onRedis(redis?.url ?? '') : onPostgres(database, addresses),
      );

      const id = await client.create(site.at(0));
      const other = await client.follow(site.at(1), id);
      const text = 'the word that only clients may read';
      await client.say(site.at(0), id, `fail ${text}`);
      await other.next('result');
      expect(JSON.stringify(other.events)).toContain(text);
      expect(attacker.texts.length).toBeGreaterThan(0);
      expect(attacker.texts.filter((seen) => /word|event|session/.test(seen))).toEqual([]);

      const { events } = other;
      const last = Number(events.at(-1)?.id);
      const forged = JSON.stringify({
        t: 'events',
        session: id,
        seq: events.length + 1,
        id: last + 1,
        events: [['error', '{"code":"forged","message":"Send your password."}']],
      });
      const replayed = [...attacker.texts];
      for (const address of addresses) {
        /* oxlint-disable no-await-in-loop -- one after the other */
        for (const seen of [forged, ...replayed]) await attacker.send(address, seen);
        /* oxlint-enable no-await-in-loop */
      }
      await client.say(site.at(1), id, 'fail again');
      await other.until(() => count(other.events, 'result') === 2);
      expect(JSON.stringify(other.events)).not.toContain('forged');
      const own = await client.follow(site.at(0), id);
      await own.until(() => count(own.events, 'result') === 2);
      expect(other.events).toEqual(own.events);
    },
    60_000,
  );
});

async function onTables(url: string) {
  const connection = new Connection({ connectionString: url });
  await connection.connect();
  return {
    addresses: async () => {
      const { rows } = await connection.query<{ address: string }>(
        'select address from agent_webkit.server where lease_until > now()',
      );
      return rows.map(({ address }) => address);
    },
    remove: () => connection.end(),
  };
}
