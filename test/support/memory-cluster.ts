import { randomBytes, randomUUID } from 'node:crypto';
import type { Bus, BusReceiver } from '../../src/agent-webkit/engine/bus.js';
import type {
  ClusterServer,
  ClusterStore,
  ForwardedReply,
  ForwardedRequest,
} from '../../src/agent-webkit/engine/cluster.js';
import {
  type EventStore,
  OwnedElsewhereError,
  type SessionRecord,
  type SessionRecordStore,
  type StorageProvider,
} from '../../src/agent-webkit/engine/storage.js';
import type { NotificationOutbox } from '../../src/agent-webkit/engine/notification-outbox.js';
import type { UsageStore } from '../../src/agent-webkit/engine/usage.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';

interface Lease extends Pick<ClusterServer, 'freeAgents' | 'isDraining'> {
  until: number;
  /** Since when it was valid without a gap. */
  since: number;
}

interface Mail {
  readonly request: ForwardedRequest;
  readonly to: string;
  reply: ForwardedReply | null;
}

const MINUTE_MS = 60_000;

/** Servers of one test that share a storage in memory, which the test can cut them off from. */
export class MemoryCluster {
  readonly leaseMs: number;
  readonly storage = new MemoryStorage();
  /** A session without an entry is released. */
  readonly owners = new Map<string, string>();
  readonly unfinished = new Set<string>();
  readonly mail = new Map<string, Mail>();
  readonly leases = new Map<string, Lease>();
  readonly subscribers = new Map<string, ReadonlyMap<string, number>>();
  readonly creations = new Map<string, number[]>();
  readonly receivers = new Map<string, BusReceiver>();
  /** The messages that were sent over the bus. */
  readonly sent: { address: string; message: string }[] = [];
  /** False to lose all messages. */
  isBusUp = true;
  readonly messageKey = randomBytes(32);
  readonly #cut = new Map<string, { released: Promise<void>; release: () => void }>();
  #skippedMs = 0;

  constructor(leaseMs = 1000) {
    this.leaseMs = leaseMs;
  }

  /** The clock of the storage. */
  now(): number {
    return performance.now() + this.#skippedMs;
  }

  /** Ends the lease of a server at once, as if time had passed; the other leases stay. */
  lapse(address: string): void {
    this.#skippedMs += this.leaseMs + 1;
    for (const [other, lease] of this.leases) {
      if (other !== address) lease.until += this.leaseMs + 1;
    }
  }

  /** Holds every call of a server to the storage until {@link heal}, and loses its bus messages. */
  cut(address: string): void {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#cut.set(address, { released, release });
  }

  heal(address: string): void {
    this.#cut.get(address)?.release();
    this.#cut.delete(address);
  }

  isCut(address: string): boolean {
    return this.#cut.has(address);
  }

  /** Resolves when a server is not cut off. */
  async reached(address: string): Promise<void> {
    while (this.#cut.has(address)) {
      // oxlint-disable-next-line no-await-in-loop -- it may be cut off again
      await this.#cut.get(address)?.released;
    }
  }

  isValid(address: string): boolean {
    return (this.leases.get(address)?.until ?? -Infinity) > this.now();
  }

  /** The storage of one more server. */
  server(address: string = randomUUID()): MemoryServer {
    return new MemoryServer(this, address);
  }

  /** The bus of one server. */
  bus(address: string): Bus {
    return {
      maxBytes: 7000,
      open: (opened, receiver) => {
        this.receivers.set(opened, receiver);
        return Promise.resolve();
      },
      send: (to, message) => {
        this.sent.push({ address: to, message });
        if (!this.isBusUp || this.isCut(address)) return;
        setImmediate(() => {
          if (!this.isCut(to)) this.receivers.get(to)?.onMessage(message);
        });
      },
      close: () => {
        this.receivers.delete(address);
        return Promise.resolve();
      },
    };
  }
}

/** The shared storage as one server uses it. */
export class MemoryServer implements StorageProvider {
  readonly durable = true;
  readonly events: EventStore;
  readonly records: SessionRecordStore;
  readonly cluster: ClusterStore;
  readonly outbox: NotificationOutbox;
  readonly usage: UsageStore;
  readonly address: string;
  /** The names of all calls, in order. */
  readonly calls: string[] = [];
  readonly #shared: MemoryCluster;

  constructor(shared: MemoryCluster, address: string) {
    this.#shared = shared;
    this.address = address;
    this.cluster = this.#reaching('cluster', new MemoryClusterStore(shared, address));
    this.records = this.#reaching('records', this.#records());
    this.events = this.#reaching('events', this.#events());
    this.outbox = this.#reaching('outbox', shared.storage.outbox);
    this.usage = this.#reaching('usage', shared.storage.usage);
  }

  #events(): EventStore {
    const { storage, unfinished } = this.#shared;
    const { events } = storage;
    return {
      append: (append) => {
        void events.append(append);
        if (append.isUnfinished) unfinished.add(append.sessionId);
        else unfinished.delete(append.sessionId);
      },
      read: (...args) => events.read(...args),
      hasKey: (...args) => events.hasKey(...args),
      trim: (...args) => events.trim(...args),
    };
  }

  #records(): SessionRecordStore {
    const shared = this.#shared;
    const { records } = shared.storage;
    const seen = (record: SessionRecord): SessionRecord => {
      const owner = shared.owners.get(record.id) ?? '';
      return { ...record, server: shared.isValid(owner) ? owner : null };
    };
    const isMine = (id: string) => {
      const owner = shared.owners.get(id);
      return owner === undefined || owner === this.address || !shared.isValid(owner);
    };
    return {
      create: async (record, key) => {
        const stored = await records.create(record, key);
        if (stored.id === record.id) shared.owners.set(stored.id, this.address);
        return seen(stored);
      },
      get: async (id) => {
        const record = await records.get(id);
        return record && seen(record);
      },
      claim: async (id) => {
        if (!(await records.get(id))) return null;
        const owner = shared.owners.get(id);
        if (owner !== undefined && !mayTakeOver(shared, this.address, owner)) {
          throw new OwnedElsewhereError(id, owner);
        }
        shared.owners.set(id, this.address);
        const record = await records.claim(id);
        const takenFrom = owner === undefined || owner === this.address ? null : owner;
        return record && { ...seen(record), takenFrom };
      },
      update: (...args) => records.update(...args),
      list: async (...args) => (await records.list(...args)).map(seen),
      listAll: async (...args) => (await records.listAll(...args)).map(seen),
      listCreated: async (...args) => (await records.listCreated(...args)).map(seen),
      usedSince: async (...args) => (await records.usedSince(...args)).map(seen),
      openRequests: (...args) => records.openRequests(...args),
      count: (owner) => records.count(owner),
      unfinished: (limit, after) =>
        Promise.resolve(
          [...shared.unfinished]
            .filter((id) => isOrphan(shared, this.address, id) && id > (after ?? ''))
            .sort()
            .slice(0, limit),
        ),
      unusedSince: async (before) => (await records.unusedSince(before, 1e6)).filter(isMine),
      emptySince: async (before) => (await records.emptySince(before, 1e6)).filter(isMine),
      delete: async (id) => {
        await records.delete(id);
        shared.owners.delete(id);
        shared.unfinished.delete(id);
      },
    };
  }

  /** Returns the port with calls that wait while this server is cut off. */
  #reaching<Port extends object>(kind: string, port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          this.calls.push(`${kind}.${String(name)}`);
          await this.#shared.reached(this.address);
          return value.apply(target, args);
        };
      },
    });
  }
}

class MemoryClusterStore implements ClusterStore {
  readonly address: string;
  readonly #shared: MemoryCluster;

  constructor(shared: MemoryCluster, address: string) {
    this.#shared = shared;
    this.address = address;
  }

  get leaseMs(): number {
    return this.#shared.leaseMs;
  }

  messageKey = async () => this.#shared.messageKey;

  renew: ClusterStore['renew'] = async (status) => {
    const shared = this.#shared;
    const now = shared.now();
    const wasValid = shared.isValid(this.address);
    const since = wasValid ? (shared.leases.get(this.address)?.since ?? now) : now;
    shared.leases.set(this.address, { ...status, until: now + this.leaseMs, since });
    const others = [...shared.leases].filter(
      ([other]) => other !== this.address && shared.isValid(other),
    );
    return {
      wasValid,
      others: others.map(([address, { freeAgents, isDraining }]) => ({
        address,
        freeAgents,
        isDraining,
      })),
      hasOrphans: [...shared.unfinished].some((id) => isOrphan(shared, this.address, id)),
      nextLapseMs:
        others.length === 0 ? null : Math.min(...others.map(([, { until }]) => until - now)),
    };
  };

  leave = async () => {
    const { leases, owners, subscribers } = this.#shared;
    leases.delete(this.address);
    subscribers.delete(this.address);
    for (const [id, owner] of owners) if (owner === this.address) owners.delete(id);
  };

  release = async (sessionId: string, epoch: number) => {
    const { owners, storage } = this.#shared;
    const record = await storage.records.get(sessionId);
    if (record?.epoch === epoch && owners.get(sessionId) === this.address) owners.delete(sessionId);
  };

  post: ClusterStore['post'] = async (request, to) => {
    this.#shared.mail.set(request.id, { request, to, reply: null });
  };

  requests = async (known: readonly string[]) =>
    [...this.#shared.mail.values()]
      .filter(({ to, reply }) => to === this.address && reply === null)
      .map(({ request }) => request)
      .filter(({ id }) => !known.includes(id))
      .slice(0, 100);

  reply = async (reply: ForwardedReply) => {
    const mail = this.#shared.mail.get(reply.id);
    if (mail) mail.reply = reply;
  };

  replies = async (requestIds: readonly string[]) => {
    const { mail } = this.#shared;
    return requestIds.flatMap((id) => {
      const reply = mail.get(id)?.reply;
      if (reply) mail.delete(id);
      return reply ?? [];
    });
  };

  withdraw = async (requestId: string) => {
    this.#shared.mail.delete(requestId);
  };

  positions: ClusterStore['positions'] = async (sessionIds) => {
    const { storage, owners } = this.#shared;
    const found = await Promise.all(sessionIds.map((id) => storage.records.get(id)));
    return found.flatMap((record) => {
      if (!record) return [];
      const owner = owners.get(record.id) ?? '';
      const server = this.#shared.isValid(owner) ? owner : null;
      return { sessionId: record.id, epoch: record.epoch, lastSeq: record.log.lastSeq, server };
    });
  };

  setSubscribers: ClusterStore['setSubscribers'] = async (counts) => {
    const { subscribers } = this.#shared;
    subscribers.set(this.address, new Map([...(subscribers.get(this.address) ?? []), ...counts]));
  };

  subscribersElsewhere: ClusterStore['subscribersElsewhere'] = async (sessionIds) => {
    const total = new Map<string, number>();
    for (const [server, counts] of this.#shared.subscribers) {
      if (server === this.address || !this.#shared.isValid(server)) continue;
      for (const id of sessionIds) {
        const count = counts.get(id) ?? 0;
        if (count > 0) total.set(id, (total.get(id) ?? 0) + count);
      }
    }
    return total;
  };

  countCreation: ClusterStore['countCreation'] = async (owner, limit) => {
    const { creations } = this.#shared;
    const now = this.#shared.now();
    const recent = (creations.get(owner) ?? []).filter((at) => now - at < MINUTE_MS);
    creations.set(owner, recent);
    if (recent.length >= limit) return (recent.at(-limit) ?? now) + MINUTE_MS - now;
    recent.push(now);
    return null;
  };
}

function mayTakeOver(shared: MemoryCluster, address: string, owner: string): boolean {
  if (owner === address) return true;
  if (shared.isValid(owner) || !shared.isValid(address)) return false;
  const since = shared.leases.get(address)?.since ?? Infinity;
  return shared.now() - since >= shared.leaseMs;
}

function isOrphan(shared: MemoryCluster, address: string, sessionId: string): boolean {
  const owner = shared.owners.get(sessionId);
  if (owner === undefined) return true;
  return owner !== address && mayTakeOver(shared, address, owner);
}
