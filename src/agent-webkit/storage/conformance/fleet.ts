import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterStore } from '../../engine/cluster.js';
import { OwnedElsewhereError, type StorageProvider } from '../../engine/storage.js';
import type { ConformanceSubject } from './conformance-case.js';
import { type CaseBody, IDLE } from './fixtures.js';

/** How often the state of a storage is read while a case waits for it. */
const POLL_MS = 20;

/** A storage with a cluster. */
export type SharedStorage = StorageProvider & { readonly cluster: ClusterStore };

/** Servers that share the storage of a case. Each renews its lease until it is frozen, or the case ends. */
export class Fleet {
  readonly #join: () => Promise<StorageProvider>;
  readonly #renewals = new Map<SharedStorage, NodeJS.Timeout>();

  /** The server of the case. */
  readonly first: SharedStorage;

  constructor(first: SharedStorage, join: () => Promise<StorageProvider>) {
    this.first = first;
    this.#join = join;
    this.#keepRenewing(first);
  }

  /** Adds a server without a lease. */
  async add(): Promise<SharedStorage> {
    const server = await this.#join();
    assert.ok(hasCluster(server), 'The storage of another server has no `cluster`.');
    return server;
  }

  /** Adds a server with a lease. */
  async start(): Promise<SharedStorage> {
    const server = await this.add();
    await server.cluster.renew(IDLE);
    this.#keepRenewing(server);
    return server;
  }

  /** Adds servers that have had their leases for so long that they may take over sessions. */
  async startExperienced(count: number): Promise<SharedStorage[]> {
    const servers = await Promise.all(Array.from({ length: count }, () => this.start()));
    await delay(this.first.cluster.leaseMs);
    return servers;
  }

  /** Stops the renewals of a server, and waits until another one sees that its lease has lapsed. */
  async freeze(server: SharedStorage, witness: SharedStorage): Promise<void> {
    clearInterval(this.#renewals.get(server));
    this.#renewals.delete(server);
    for (;;) {
      /* oxlint-disable no-await-in-loop -- one look after the other */
      const { others } = await witness.cluster.renew(IDLE);
      if (!others.some(({ address }) => address === server.cluster.address)) return;
      await delay(POLL_MS);
      /* oxlint-enable no-await-in-loop */
    }
  }

  end(): void {
    for (const timer of this.#renewals.values()) clearInterval(timer);
  }

  #keepRenewing(server: SharedStorage): void {
    const renew = () => void server.cluster.renew(IDLE).catch(() => undefined);
    this.#renewals.set(server, setInterval(renew, server.cluster.leaseMs / 4));
  }
}

/** Turns a body into a case that passes without a check when the storage has no cluster, or cannot be joined. */
export function withFleet(body: (fleet: Fleet) => Promise<void>): CaseBody {
  return async ({ provider, join }: ConformanceSubject) => {
    if (!hasCluster(provider) || !join) return;
    const fleet = new Fleet(provider, join);
    try {
      await body(fleet);
    } finally {
      fleet.end();
    }
  };
}

/** Takes over a session, or returns the error by which the storage says that another server has it. */
export async function tryToClaim(
  { records }: StorageProvider,
  sessionId: string,
): Promise<number | OwnedElsewhereError> {
  try {
    const record = await records.claim(sessionId);
    assert.ok(record);
    return record.epoch;
  } catch (error) {
    assert.ok(error instanceof OwnedElsewhereError, String(error));
    return error;
  }
}

/** Asserts that a session belongs to a server, and that another one may not take it over. */
export async function assertOwned(
  sessionId: string,
  server: SharedStorage,
  other: SharedStorage,
): Promise<void> {
  const refused = await tryToClaim(other, sessionId);
  assert.ok(refused instanceof OwnedElsewhereError, 'A session was taken over from its server.');
  assert.equal(refused.server, server.cluster.address);
}

function hasCluster(provider: StorageProvider): provider is SharedStorage {
  return provider.cluster !== undefined;
}
