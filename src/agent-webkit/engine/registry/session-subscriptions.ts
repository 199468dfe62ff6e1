import type { Caller } from '../caller.js';
import { SessionNotFoundError, ShuttingDownError, TooManySubscribersError } from '../errors.js';
import type { EventSubscription } from '../event-log/subscription.js';
import type { ReadableSession } from '../session/readable-session.js';
import { decodeJointCursor } from './joint/joint-cursor.js';
import type { JointSubscription } from './joint/joint-subscription.js';
import { MovingSubscription } from './moving-subscription.js';
import { openJoint } from './open-joint.js';
import type { RegistryLifecycle } from './registry-lifecycle.js';
import type { RegistryParts, SessionRegistryOptions } from './registry-parts.js';
import { describeRecords } from './session-page.js';

/** How many commits of one turn of the event loop wake a stream of several sessions, at most. */
const MAX_WAKE_EVERY = 100;

/** The subscriptions of callers to the events of sessions: of one, or of several. */
export class SessionSubscriptions {
  readonly #options: SessionRegistryOptions;
  readonly #parts: RegistryParts;
  readonly #lifecycle: Pick<RegistryLifecycle, 'isEnding'>;

  constructor(
    options: SessionRegistryOptions,
    parts: RegistryParts,
    lifecycle: Pick<RegistryLifecycle, 'isEnding'>,
  ) {
    this.#options = options;
    this.#parts = parts;
    this.#lifecycle = lifecycle;
  }

  /** How often the access of an open watch is checked again, in milliseconds; null for never. */
  get accessCheckIntervalMs(): number | null {
    return this.#options.accessCheckIntervalMs ?? null;
  }

  /**
   * Returns a session to read after a cursor. When the session in memory has no event with this id, and
   * another server has had the session meanwhile, or the storage has lost events, it is read again. With a
   * storage that servers share, it may be a session that another server runs.
   *
   * @throws what `SessionRegistry.get` throws
   */
  at(
    id: string,
    caller: Caller,
    after: number,
    wait = this.#parts.storage.wait(),
  ): Promise<ReadableSession> {
    return (
      this.#parts.shared?.reads.at(id, caller, after, wait) ??
      this.#parts.lookup.get(id, caller, 'read', after, wait)
    );
  }

  /**
   * Subscribes to a session after a cursor that was checked. With a storage that servers share, the
   * subscription goes on when the session moves.
   *
   * @throws TooManySubscribersError
   */
  subscribe(session: ReadableSession, after: number, onReadable: () => void): EventSubscription {
    return (
      this.#parts.shared?.subscribe(session, after, onReadable) ??
      session.subscribeChecked(after, onReadable)
    );
  }

  /** Subscribes as {@link subscribe} does, for a reader that also follows a session that was loaded again. */
  watch(
    session: ReadableSession,
    caller: Caller,
    after: number,
    onReadable: () => void,
  ): MovingSubscription {
    session.checkSubscribable(after);
    return (
      this.#parts.shared?.subscribe(session, after, onReadable) ??
      new MovingSubscription(session, after, onReadable, {
        survivesLoss: false,
        find: (cursor) => this.at(session.id, caller, cursor),
      })
    );
  }

  /**
   * Subscribes to the events of several sessions: those of a caller, also later ones, or those that are named. A named
   * session that the caller may not read is reported by the subscription.
   *
   * @param sessions the ids of sessions; null for those of the caller with the latest activity
   * @param cursor the last position that the client has received; null to begin now
   * @throws InvalidRequestError when the cursor is malformed
   * @throws TooManySubscribersError when the caller has the maximum number of such subscriptions here
   * @throws ShuttingDownError, StorageUnavailableError
   */
  async joint(
    caller: Caller,
    sessions: readonly string[] | null,
    cursor: string | null,
  ): Promise<JointSubscription> {
    const position = cursor === null ? null : decodeJointCursor(cursor);
    if (this.#lifecycle.isEnding) throw new ShuttingDownError();
    const { maxStreamsPerCaller } = this.#options;
    if (this.#parts.news.followersOf(caller.id) >= maxStreamsPerCaller) {
      throw new TooManySubscribersError(maxStreamsPerCaller, 'caller');
    }
    return openJoint(this.#parts, caller, sessions, position, {
      wait: () => this.#parts.storage.wait(),
      wakeEvery: Math.min(MAX_WAKE_EVERY, this.#options.limits.maxEvents),
      isReadable: (id, reader, ifUnknown) => this.isReadable(id, reader, ifUnknown),
      describe: (records) => describeRecords(this.#parts, records),
    });
  }

  /**
   * Resolves to true while a caller may read a session. True also while the session is being deleted, so that its
   * readers get the last event.
   *
   * @param ifUnknown the result while an unavailable storage leaves it unknown
   */
  async isReadable(id: string, caller: Caller, ifUnknown = true): Promise<boolean> {
    const wait = this.#parts.storage.wait();
    try {
      const holding = this.#parts.live.get(id);
      const held = this.#parts.shared?.tails.peek(id) ?? (holding && (await wait.for(holding)));
      if (held?.owner === caller.id) return true;
      const record = await wait.for(this.#parts.storage.records.get(id));
      await this.#parts.access.check(record, caller, 'read');
      return true;
    } catch (error) {
      return ifUnknown && !(error instanceof SessionNotFoundError);
    }
  }
}
