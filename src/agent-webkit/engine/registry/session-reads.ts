import type { Caller } from '../caller.js';
import { SessionNotFoundError, ShuttingDownError, StorageUnavailableError } from '../errors.js';
import type { ReadableSession } from '../session/readable-session.js';
import type { Session } from '../session/session.js';
import { type DescribedSession, storedStatusOf } from '../session/session-info.js';
import { OwnedElsewhereError, type SessionRecord, type StorageProvider } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import { retry } from '../timing/retry.js';
import type { Tails } from '../tails/tails.js';
import type { Access } from './access.js';
import type { Fleet } from './fleet.js';
import type { LiveSessions } from './live-sessions.js';

export interface SessionReadsOptions {
  live: LiveSessions;
  tails: Tails;
  storage: Pick<StorageProvider, 'records' | 'cluster'>;
  access: Access;
  fleet: Fleet;
  isShuttingDown: () => boolean;
  wait: () => StorageWait;
}

/** How often a session is looked up again when it moves during the lookup. */
const MAX_LOOKUPS = 10;

/**
 * The sessions of a storage that servers share, for readers: in this server's memory, or by a tail. No
 * read takes a session over.
 */
export class SessionReads {
  readonly #options: SessionReadsOptions;
  /** The lookups for readers of sessions that moved, by id. */
  readonly #finding = new Map<string, Promise<ReadableSession>>();

  constructor(options: SessionReadsOptions) {
    this.#options = options;
  }

  /**
   * Returns a session to read after a cursor. It has every event that was stored before the call.
   *
   * @throws SessionNotFoundError when it does not exist, or the caller may not read it
   */
  async at(id: string, caller: Caller, after: number, wait: StorageWait): Promise<ReadableSession> {
    const held = await this.#held(id, wait);
    if (held && this.#isOwn(held, caller) && !held.isUnknown(after)) return held;
    const record = await this.#readable(id, caller, wait);
    const isStale = held !== null && held.isUnknown(after) && isBehind(held, record);
    if (isStale) await wait.for(this.#options.live.departures.evict(held));
    return this.#locate(record, wait);
  }

  /**
   * Describes a session, as of its last committed event.
   *
   * @throws SessionNotFoundError when it does not exist, or the caller may not read it
   */
  async info(id: string, caller: Caller, wait: StorageWait): Promise<DescribedSession> {
    const held = await this.#held(id, wait);
    const info =
      held && this.#isOwn(held, caller)
        ? held.info()
        : await this.#describe(await this.#readable(id, caller, wait));
    if (!info) throw new SessionNotFoundError();
    const [described] = await wait.for(this.#withAllSubscribers([info]));
    return described ?? info;
  }

  /** Describes sessions, without those that were deleted. */
  async describeAll(records: readonly SessionRecord[]): Promise<DescribedSession[]> {
    const described = await Promise.all(records.map((record) => this.#describe(record)));
    return this.#withAllSubscribers(described.filter((session) => session !== null));
  }

  /** Describes a session whose record was just read. Resolves to null for one that was deleted. */
  async #describe(record: SessionRecord): Promise<DescribedSession | null> {
    const { live, tails } = this.#options;
    const held = await live.peek(record.id);
    if (held && this.#mayAnswer(held, record)) return held.info();
    if (storedStatusOf(record).state === 'closed' || live.deletions.get(record.id)) return null;
    const subscribers = tails.peek(record.id)?.subscribers ?? 0;
    return { ...live.describeStored(record), subscribers };
  }

  /** Adds the subscribers on other servers to descriptions that have those of this server. */
  async #withAllSubscribers(sessions: readonly DescribedSession[]): Promise<DescribedSession[]> {
    const { storage, fleet } = this.#options;
    if (sessions.length === 0 || !storage.cluster || !fleet.hasOthers) return [...sessions];
    const ids = sessions.map(({ session_id }) => session_id);
    const elsewhere = await storage.cluster.subscribersElsewhere(ids);
    return sessions.map((session) => ({
      ...session,
      subscribers: session.subscribers + (elsewhere.get(session.session_id) ?? 0),
    }));
  }

  /**
   * Finds a session again for readers that had access, because it moved. Retries while the storage is
   * unavailable. All that wait for the same session share one lookup.
   *
   * @throws SessionNotFoundError when it was deleted
   */
  async again(id: string, signal: AbortSignal): Promise<ReadableSession> {
    return retry(() => this.#findOnce(id), {
      signal,
      isFinal: (error) => !(error instanceof StorageUnavailableError),
      onFailure: () => undefined, // reported by the storage's guard
    });
  }

  #findOnce(id: string): Promise<ReadableSession> {
    const known = this.#finding.get(id);
    if (known) return known;
    const finding = this.#find(id, this.#options.wait()).finally(() => this.#finding.delete(id));
    this.#finding.set(id, finding);
    return finding;
  }

  async #find(id: string, wait: StorageWait): Promise<ReadableSession> {
    const held = await this.#held(id, wait);
    if (held && this.#options.fleet.isCertain) return held;
    if (this.#options.isShuttingDown()) throw new ShuttingDownError();
    return this.#locate(await wait.for(this.#options.storage.records.get(id)), wait);
  }

  /** Returns true when a session in memory needs no look into the storage. */
  #isOwn(held: Session, caller: Caller): boolean {
    return held.owner === caller.id && this.#options.fleet.isCertain;
  }

  /** Returns true when a session in memory is the session of a record, which was just read. */
  #mayAnswer(held: Session, { epoch }: SessionRecord): boolean {
    return held.state !== 'closed' && (this.#options.fleet.isCertain || held.epoch === epoch);
  }

  /** Returns the session in memory, which may belong to another server when the lease is not certain. */
  async #held(id: string, wait: StorageWait): Promise<Session | null> {
    const holding = this.#options.live.get(id);
    if (!holding) return null;
    const session = await wait.for(
      holding.catch((error: unknown) => {
        if (error instanceof OwnedElsewhereError) return null;
        throw error;
      }),
    );
    return session && session.state !== 'closed' ? session : null;
  }

  async #readable(id: string, caller: Caller, wait: StorageWait): Promise<SessionRecord> {
    const { storage, access, live, isShuttingDown } = this.#options;
    if (isShuttingDown()) throw new ShuttingDownError();
    const record = await wait.for(storage.records.get(id));
    await access.check(record, caller, 'read');
    if (!record || live.deletions.get(id)) throw new SessionNotFoundError();
    return record;
  }

  /** Returns the session in memory, or its tail with every event of the record. */
  async #locate(read: SessionRecord | null, wait: StorageWait): Promise<ReadableSession> {
    const { tails, storage } = this.#options;
    let record = read;
    for (let lookups = 0; record && lookups < MAX_LOOKUPS; lookups += 1) {
      /* oxlint-disable no-await-in-loop -- again only when the session moved meanwhile */
      const held = await this.#held(record.id, wait);
      if (held && this.#mayAnswer(held, record)) return held;
      const tail = await wait.for(tails.get(record));
      if (!tail || tail.endReason === 'deleted') throw new SessionNotFoundError();
      if (tail.endReason === null) return tail;
      record = await wait.for(storage.records.get(record.id));
      /* oxlint-enable no-await-in-loop */
    }
    if (!record) throw new SessionNotFoundError();
    throw new StorageUnavailableError(new Error('The session kept moving between servers.'));
  }
}

/** Returns true when another server has had the session meanwhile, or the storage has lost events. */
function isBehind(held: Session, { epoch, log }: SessionRecord): boolean {
  return epoch !== held.epoch || log.lastSeq < held.lastSeq;
}
