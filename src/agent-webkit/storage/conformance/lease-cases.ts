import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { OwnedElsewhereError } from '../../engine/storage.js';
import { assertOwned, type Fleet, type SharedStorage, tryToClaim, withFleet } from './fleet.js';
import {
  append,
  assertSame,
  type Cases,
  claim,
  createSession,
  IDLE,
  rejectsAsFenced,
  sampleEvents,
  storedSeqs,
} from './fixtures.js';

/** Guarantees about the leases of servers that share a storage. */
export const leaseCases: Cases = [
  [
    'the session of a server with a valid lease is not taken over, and not listed as free',
    withFleet(async (fleet) => {
      const [other] = await startedServers(fleet, 1);
      const { first } = fleet;
      const id = await createSession(first);
      await append(first, id, sampleEvents(1, 1), { isUnfinished: true });
      await assertOwned(id, first, other);
      const { records } = other;
      const later = new Date(Date.UTC(2100, 0));
      assertSame(await records.unfinished(10, null), []);
      assertSame(await records.unusedSince(later, 10), []);
      assertSame(await records.emptySince(later, 10), []);
      assertSame(await first.records.unusedSince(later, 10), [id]);
      for (const server of [first, other]) {
        // oxlint-disable-next-line no-await-in-loop -- there are only two
        const record = await server.records.get(id);
        assert.equal(record?.server, first.cluster.address);
        assert.equal(record.epoch, 1);
      }
    }),
  ],
  [
    'a released session is taken over by one of the servers that claim it at once',
    withFleet(async (fleet) => {
      const { first } = fleet;
      const servers = [await fleet.start(), await fleet.start(), await fleet.start()];
      const id = await createSession(first);
      await append(first, id, sampleEvents(1, 2), { isUnfinished: true });
      await first.cluster.release(id, 7);
      await assertOwned(id, first, servers[0] as SharedStorage);
      await first.cluster.release(id, 1);
      assert.equal((await first.records.get(id))?.server, null);
      assertSame(await first.records.unfinished(10, null), [id]);
      const { winner, epoch } = await race(id, [first, ...servers]);
      await append(winner, id, sampleEvents(3, 1), { epoch });
      await rejectsAsFenced(append(first, id, sampleEvents(4, 1)));
      assertSame(await storedSeqs(first, id), [1, 2, 3]);
    }),
  ],
  [
    'the sessions of a server that has left are free at once, also for a new server',
    withFleet(async (fleet) => {
      const leaving = await fleet.start();
      const id = await createSession(leaving);
      await append(leaving, id, sampleEvents(1, 1), { isUnfinished: true });
      await leaving.cluster.leave();
      const { cluster, records } = await fleet.add();
      assert.equal((await cluster.renew(IDLE)).hasOrphans, true);
      assertSame(await records.unfinished(10, null), [id]);
      assert.ok((await records.claim(id))?.epoch);
    }),
  ],
  [
    'the sessions of a server whose lease has lapsed are taken over once, and its appends are rejected',
    withFleet(async (fleet) => {
      const frozen = await fleet.start();
      const ids = await Promise.all(Array.from({ length: 5 }, () => createSession(frozen)));
      await Promise.all(
        ids.map((id) => append(frozen, id, sampleEvents(1, 1), { isUnfinished: true })),
      );
      const servers = await fleet.startExperienced(3);
      const [witness] = servers as [SharedStorage];
      await fleet.freeze(frozen, witness);
      assertSame(await witness.records.unfinished(10, null), [...ids].sort());
      assert.equal((await witness.records.get(ids[0] ?? ''))?.server, null);
      await Promise.all(
        ids.map(async (id) => {
          const { winner, epoch } = await race(id, servers);
          await rejectsAsFenced(append(frozen, id, sampleEvents(2, 1)));
          await append(winner, id, sampleEvents(2, 1), { epoch });
          await assertOwned(id, winner, frozen);
        }),
      );
      assertSame(await witness.records.unfinished(10, null), []);
    }),
  ],
  [
    'a server whose own lease is new does not take over the sessions of a server whose lease has lapsed',
    withFleet(async (fleet) => {
      const { first } = fleet;
      const frozen = await fleet.start();
      const id = await createSession(frozen);
      await append(frozen, id, sampleEvents(1, 1), { isUnfinished: true });
      await fleet.freeze(frozen, first);
      const fresh = await fleet.start();
      const { hasOrphans, nextLapseMs } = await fresh.cluster.renew(IDLE);
      assert.equal(hasOrphans, false);
      assert.ok(nextLapseMs !== null && nextLapseMs > 0 && nextLapseMs <= fresh.cluster.leaseMs);
      assertSame(await fresh.records.unfinished(10, null), []);
      await assertOwned(id, frozen, fresh);
      await delay(nextLapseMs);
      assert.equal((await fresh.cluster.renew(IDLE)).hasOrphans, true);
      const taken = await fresh.records.claim(id);
      assert.equal(taken?.takenFrom, frozen.cluster.address);
      assert.equal((await fresh.records.claim(id))?.takenFrom ?? null, null);
    }),
  ],
  [
    'a renewal tells whether the lease was valid until then, and the server keeps its sessions if not',
    withFleet(async (fleet) => {
      const server = await fleet.add();
      assert.equal((await server.cluster.renew(IDLE)).wasValid, false);
      assert.equal((await server.cluster.renew(IDLE)).wasValid, true);
      const id = await createSession(server);
      await delay(server.cluster.leaseMs);
      assert.equal((await server.records.get(id))?.server, null);
      assert.equal((await server.cluster.renew(IDLE)).wasValid, false);
      assert.equal((await server.records.get(id))?.server, server.cluster.address);
      await assertOwned(id, server, fleet.first);
      await append(server, id, sampleEvents(1, 1));
    }),
  ],
  [
    'a renewal lists the other servers with valid leases as they were last',
    withFleet(async (fleet) => {
      const { first } = fleet;
      const other = await fleet.add();
      await other.cluster.renew({ freeAgents: 3, isDraining: false });
      const { address } = other.cluster;
      const seen = await first.cluster.renew(IDLE);
      assertSame(seen.others, [{ address, freeAgents: 3, isDraining: false }]);
      await other.cluster.renew({ freeAgents: 1, isDraining: true });
      const { others, nextLapseMs } = await first.cluster.renew(IDLE);
      assertSame(others, [{ address, freeAgents: 1, isDraining: true }]);
      assert.ok(nextLapseMs !== null && nextLapseMs > 0 && nextLapseMs <= first.cluster.leaseMs);
      await other.cluster.leave();
      assertSame((await first.cluster.renew(IDLE)).others, []);
    }),
  ],
  [
    'unfinished sessions without a server are reported to servers that do not drain, until they are claimed',
    withFleet(async (fleet) => {
      const { first } = fleet;
      const other = await fleet.start();
      const id = await createSession(first);
      await append(first, id, sampleEvents(1, 1), { isUnfinished: true });
      const hasOrphans = async (isDraining = false) =>
        (await other.cluster.renew({ freeAgents: 0, isDraining })).hasOrphans;
      assert.equal(await hasOrphans(), false);
      await first.cluster.release(id, 1);
      assert.equal(await hasOrphans(), true);
      assert.equal(await hasOrphans(true), false);
      const epoch = await claim(first, id);
      assert.equal(await hasOrphans(), false);
      await append(first, id, sampleEvents(2, 1), { epoch });
      await first.cluster.release(id, epoch);
      assert.equal(await hasOrphans(), false);
    }),
  ],
];

/** Starts servers that may take over sessions. */
async function startedServers(fleet: Fleet, count: number): Promise<[SharedStorage]> {
  return (await fleet.startExperienced(count)) as [SharedStorage];
}

/** Lets servers claim a session at once. Asserts that one gets it, and that the others learn which one. */
async function race(
  sessionId: string,
  servers: readonly SharedStorage[],
): Promise<{ winner: SharedStorage; epoch: number }> {
  const outcomes = await Promise.all(servers.map((server) => tryToClaim(server, sessionId)));
  const winners = servers.filter((_, index) => typeof outcomes[index] === 'number');
  assert.equal(winners.length, 1, `${winners.length} servers have taken over the session.`);
  const [winner] = winners as [SharedStorage];
  for (const outcome of outcomes) {
    if (outcome instanceof OwnedElsewhereError)
      assert.equal(outcome.server, winner.cluster.address);
  }
  const epoch = outcomes.find((outcome) => typeof outcome === 'number') ?? 0;
  return { winner, epoch };
}
