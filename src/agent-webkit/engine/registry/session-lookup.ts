import type { Caller } from '../caller.js';
import type { Membership } from '../cluster/membership.js';
import { SessionNotFoundError, ShuttingDownError } from '../errors.js';
import type { Session } from '../session/session.js';
import { OwnedElsewhereError, type SessionRecord, type SessionRecordStore } from '../storage.js';
import { type CallerRole, roleOf } from '../session-members.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import type { Access, CheckedAction } from './access.js';
import type { LiveSessions } from './live-sessions.js';

export interface SessionLookupOptions {
  readonly live: Pick<LiveSessions, 'get' | 'load' | 'departures'>;
  readonly records: Pick<SessionRecordStore, 'get'>;
  readonly access: Access;
  /** Null when only this server uses the storage. */
  readonly membership: Pick<Membership, 'address' | 'isCertain'> | null;
  readonly isShuttingDown: () => boolean;
}

/** The place of a session that exists. */
type Place =
  /** In the memory of this server. */
  | { readonly place: 'here' }
  /** In the storage, where this server may claim it; when it is its own, no other server may. */
  | { readonly place: 'stored'; readonly isOwn: boolean }
  /** At another server, whose lease is valid. */
  | { readonly place: 'elsewhere'; readonly server: string };

/** A session that exists, and the role for which the access of the caller was checked. */
export type Located = Place & { readonly role: CallerRole | null };

/** Looks up sessions for callers, and checks their access. */
export class SessionLookup {
  readonly #options: SessionLookupOptions;

  constructor(options: SessionLookupOptions) {
    this.#options = options;
  }

  /**
   * Finds a session for an action of a caller, without claiming it.
   *
   * @param after a cursor of the caller. When the session in memory has no event with this id, and
   *   another server has had the session meanwhile, or the storage has lost events, it is evicted
   * @throws SessionNotFoundError when it does not exist, or the caller may not even read it
   * @throws ForbiddenError when the caller may read it, but not do this
   */
  async locate(
    id: string,
    caller: Caller,
    action: CheckedAction,
    after: number,
    wait: StorageWait,
  ): Promise<Located> {
    const { live, records, access, membership, isShuttingDown } = this.#options;
    const held = await this.#held(id, wait);
    const own = held?.owner === caller.id ? held : null;
    if (!own && isShuttingDown()) throw new ShuttingDownError();
    const isBehind = held?.isUnknown(after) ?? false;
    const isCertain = membership?.isCertain ?? true;
    // Another caller's session is looked up like one that does not exist, so that both take the same time.
    const needsRecord = !own || isBehind || !isCertain;
    const record = needsRecord ? await wait.for(records.get(id)) : null;
    const isLost = !isCertain && held !== null && record?.epoch !== held.epoch;
    if (isLost) await wait.for(held.checkOwnership());
    const isStale = isBehind && held !== null && hasLess(held, record);
    // Evicted before the check only for its owner: the response time must not reveal it to other callers.
    if (isStale && own) await wait.for(live.departures.evict(own));
    const checked = needsRecord ? record : own;
    await access.check(checked, caller, action);
    const role = checked && roleOf(checked, caller.id);
    if (isStale && !own) await wait.for(live.departures.evict(held));
    if (live.get(id)) return { place: 'here', role };
    const server = record?.server ?? null;
    const isOwn = server !== null && server === membership?.address;
    return server === null || isOwn
      ? { place: 'stored', isOwn, role }
      : { place: 'elsewhere', server, role };
  }

  /**
   * Returns a session from memory, or loads it, for which this server claims it. Resolves to `moved` when it has
   * left this server meanwhile, so that another one may have it.
   *
   * @throws SessionNotFoundError, ShuttingDownError
   * @throws OwnedElsewhereError when it belongs to another server
   */
  async load(id: string, wait: StorageWait): Promise<Session | 'moved'> {
    const { live, membership, isShuttingDown } = this.#options;
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- again only when it has just left the memory
      const session = await wait.for(live.load(id));
      if (session && session.state !== 'closed') return session;
      if (isShuttingDown()) throw new ShuttingDownError();
      const hasLeft = session !== null && session.endReason !== 'deleted';
      if (!hasLeft) throw new SessionNotFoundError();
      if (membership) return 'moved';
      if (live.departures.isDraining) throw new ShuttingDownError();
    }
  }

  /**
   * Returns a session for an action of a caller, as {@link locate} finds it and {@link loadHere} loads it.
   *
   * @throws what these two throw
   */
  async get(
    id: string,
    caller: Caller,
    action: CheckedAction,
    after: number,
    wait: StorageWait,
  ): Promise<Session> {
    await this.locate(id, caller, action, after, wait);
    return this.loadHere(id, wait);
  }

  /**
   * Returns a session as {@link load} does.
   *
   * @throws ShuttingDownError also when it has left this server: a client that retries reaches the one that has it
   */
  async loadHere(id: string, wait: StorageWait): Promise<Session> {
    const session = await this.load(id, wait);
    if (session === 'moved') throw new ShuttingDownError();
    return session;
  }

  /**
   * Resolves to true when a session is in memory and belongs to this server, for a request of another
   * server, which has checked the access.
   */
  async isHeld(id: string, wait: StorageWait): Promise<boolean> {
    const { live, records, membership } = this.#options;
    const held = await this.#held(id, wait);
    if (held && membership?.isCertain === false) {
      const record = await wait.for(records.get(id));
      if (record?.epoch !== held.epoch) await wait.for(held.checkOwnership());
    }
    return live.get(id) !== undefined;
  }

  /** Resolves to true when a session belongs to this server, in memory or not: no other server may claim it. */
  async isOwn(id: string, wait: StorageWait): Promise<boolean> {
    const { records, membership } = this.#options;
    const record = await wait.for(records.get(id));
    return record?.server != null && record.server === membership?.address;
  }

  /** Waits for a session that is being created or restored. */
  async #held(id: string, wait: StorageWait): Promise<Session | null> {
    const holding = this.#options.live.get(id);
    if (!holding) return null;
    try {
      return await wait.for(holding);
    } catch (error) {
      if (error instanceof OwnedElsewhereError) return null;
      throw error;
    }
  }
}

/** Returns true when another server has had the session meanwhile, or the storage has lost events. */
function hasLess(held: Session, record: SessionRecord | null): boolean {
  return record?.epoch !== held.epoch || record.log.lastSeq < held.lastSeq;
}
