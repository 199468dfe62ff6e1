import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { SessionStatus } from '../../engine/storage.js';
import { type SharedStorage, withFleet } from './fleet.js';
import {
  append,
  assertSame,
  type Cases,
  createSession,
  HARD_TEXT,
  IDLE,
  sampleEvents,
} from './fixtures.js';

/** Guarantees about what servers that share a storage tell each other by it. */
export const clusterCases: Cases = [
  [
    'all servers encrypt their messages by one key',
    withFleet(async (fleet) => {
      const others = await Promise.all([fleet.start(), fleet.start()]);
      const servers = [fleet.first, ...others];
      const keys = await Promise.all(servers.map(({ cluster }) => cluster.messageKey()));
      const again = await fleet.first.cluster.messageKey();
      const texts = [...keys, again].map((key) => Buffer.from(key).toString('hex'));
      assert.equal(new Set(texts).size, 1);
      assert.match(texts[0] ?? '', /^[0-9a-f]{64}$/);
    }),
  ],
  [
    'a request reaches only its server, and its reply only the sender, once',
    withFleet(async (fleet) => {
      const [sender, server, third] = [fleet.first, await fleet.start(), await fleet.start()];
      const id = await post(sender, server, HARD_TEXT);
      await sender.cluster.post(
        { id, from: sender.cluster.address, body: 'again' },
        server.cluster.address,
      );
      const request = { id, from: sender.cluster.address, body: HARD_TEXT };
      assertSame(await third.cluster.requests([]), []);
      assertSame(await server.cluster.requests([]), [request]);
      assertSame(await server.cluster.requests([id]), []);
      assertSame(await sender.cluster.replies([id]), []);
      await third.cluster.reply({ id, body: 'of another server' });
      await server.cluster.reply({ id, body: HARD_TEXT });
      await server.cluster.reply({ id, body: 'second' });
      assertSame(await server.cluster.requests([]), []);
      assertSame(await third.cluster.replies([id]), []);
      const replies = await Promise.all(
        Array.from({ length: 6 }, () => sender.cluster.replies([id, randomUUID()])),
      );
      assertSame(replies.flat(), [{ id, body: HARD_TEXT }]);
    }),
  ],
  [
    'requests are read in their order, at most 100 at once, except those that are known',
    withFleet(async (fleet) => {
      const [sender, server] = [fleet.first, await fleet.start()];
      const ids: string[] = [];
      // oxlint-disable-next-line no-await-in-loop -- their order counts
      for (let index = 0; index < 105; index += 1) ids.push(await post(sender, server, `${index}`));
      const read = (await server.cluster.requests([])).map(({ id }) => id);
      assertSame(read, ids.slice(0, 100));
      const rest = (await server.cluster.requests(read)).map(({ id }) => id);
      assertSame(rest, ids.slice(100));
    }),
  ],
  [
    'a withdrawn request is not read, and a reply to it has no effect',
    withFleet(async (fleet) => {
      const [sender, server] = [fleet.first, await fleet.start()];
      const [read, unread] = [await post(sender, server, 'a'), await post(sender, server, 'b')];
      assert.equal((await server.cluster.requests([])).length, 2);
      await server.cluster.withdraw(unread);
      assert.equal((await server.cluster.requests([read])).length, 1);
      await Promise.all([sender.cluster.withdraw(read), sender.cluster.withdraw(unread)]);
      await sender.cluster.withdraw(randomUUID());
      assertSame(await server.cluster.requests([]), []);
      await server.cluster.reply({ id: read, body: 'late' });
      assertSame(await sender.cluster.replies([read, unread]), []);
    }),
  ],
  [
    'the positions of sessions tell their last events and their servers',
    withFleet(async (fleet) => {
      const { first } = fleet;
      const other = await fleet.start();
      const [long, empty] = [await createSession(first), await createSession(other)];
      await append(first, long, sampleEvents(1, 4));
      await other.cluster.release(empty, 1);
      const positions = await other.cluster.positions([long, empty, randomUUID()]);
      const byId = new Map(positions.map((position) => [position.sessionId, position]));
      assert.equal(byId.size, 2);
      assert.equal(byId.get(long)?.lastSeq, 4);
      assert.equal(byId.get(long)?.server, first.cluster.address);
      assert.equal(byId.get(empty)?.lastSeq, 0);
      assert.equal(byId.get(empty)?.server, null);
      assertSame(await other.cluster.positions([]), []);
    }),
  ],
  [
    'the subscribers of other servers are counted while their leases are valid',
    withFleet(async (fleet) => {
      const [reader, second, third] = [fleet.first, await fleet.start(), await fleet.start()];
      const lastActivityAt = new Date(1000);
      const id = await createSession(reader, { lastActivityAt });
      const unfollowed = await createSession(reader, { lastActivityAt });
      await reader.cluster.setSubscribers(new Map([[id, 50]]));
      await second.cluster.setSubscribers(new Map([[id, 2]]));
      await third.cluster.setSubscribers(
        new Map([
          [id, 3],
          ['other', 1],
        ]),
      );
      await third.cluster.setSubscribers(new Map([['other', 0]]));
      const elsewhere = async () => [
        ...(await reader.cluster.subscribersElsewhere([id, 'other', unfollowed])),
      ];
      assertSame(await elsewhere(), [[id, 5]]);
      assertSame(await reader.records.emptySince(new Date(2000), 10), [unfollowed]);
      await second.cluster.setSubscribers(new Map([[id, 0]]));
      assertSame(await elsewhere(), [[id, 3]]);
      await third.cluster.leave();
      assertSame(await elsewhere(), []);
      await reader.cluster.setSubscribers(new Map([[id, 0]]));
      const empty = await reader.records.emptySince(new Date(2000), 10);
      assertSame(empty.sort(), [id, unfollowed].sort());
    }),
  ],
  [
    'a session that is deleted has no subscribers, also when they are counted later',
    withFleet(async (fleet) => {
      const [reader, other] = [fleet.first, await fleet.start()];
      const id = await createSession(reader);
      await other.cluster.setSubscribers(new Map([[id, 2]]));
      assertSame([...(await reader.cluster.subscribersElsewhere([id]))], [[id, 2]]);
      await reader.records.delete(id);
      assertSame([...(await reader.cluster.subscribersElsewhere([id]))], []);
      await other.cluster.setSubscribers(new Map([[id, 3]]));
      assertSame([...(await reader.cluster.subscribersElsewhere([id]))], []);
    }),
  ],
  [
    'the creations of an owner are limited over all servers',
    withFleet(async (fleet) => {
      const servers = [fleet.first, await fleet.start(), await fleet.start()];
      const calls = await Promise.all(
        servers.flatMap(({ cluster }) =>
          Array.from({ length: 5 }, () => cluster.countCreation(HARD_TEXT, 4)),
        ),
      );
      const refused = calls.filter((wait) => wait !== null);
      assert.equal(refused.length, calls.length - 4);
      for (const wait of refused) assert.ok(wait > 0 && wait <= 60_000, `${wait}`);
      assert.equal(await fleet.first.cluster.countCreation('another', 1), null);
      assert.equal(await servers[1]?.cluster.countCreation(HARD_TEXT, 5), null);
    }),
  ],
  [
    'a record has the status of the last accepted append that has one, on every server',
    withFleet(async (fleet) => {
      const { first } = fleet;
      const other = await fleet.start();
      const id = await createSession(first);
      const status: SessionStatus = {
        state: 'running',
        pending: [],
        tasks: [{ task_id: HARD_TEXT } as unknown as SessionStatus['tasks'][number]],
      };
      const of = async ({ records }: SharedStorage) => (await records.get(id))?.log.status;
      assert.equal(await of(first), null);
      const summary = { firstSeq: 1, costUsd: 0 };
      await append(first, id, sampleEvents(1, 1), { summary: { ...summary, status } });
      await append(first, id, sampleEvents(2, 1), { summary });
      assertSame(await of(first), status);
      assertSame(await of(other), status);
      const [listed] = await other.records.list('alice', 10, null);
      assertSame(listed?.log.status, status);
      assert.equal(listed?.server, first.cluster.address);
      assert.equal((await other.cluster.renew(IDLE)).hasOrphans, false);
    }),
  ],
];

/** Posts a request. Returns its id. */
async function post(from: SharedStorage, to: SharedStorage, body: string): Promise<string> {
  const id = randomUUID();
  await from.cluster.post({ id, from: from.cluster.address, body }, to.cluster.address);
  return id;
}
