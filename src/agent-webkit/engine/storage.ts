import { randomInt } from 'node:crypto';
import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { PendingRequest, SessionTask } from '../protocol/answers.js';
import type { SessionStateName } from '../protocol/events.js';
import type { SessionConfig } from './agent-client.js';
import type { Bus } from './bus.js';
import type { ClusterStore } from './cluster.js';
import type { NewNotification, NotificationOutbox } from './notification-outbox.js';
import type { AllRecordsFilter, RecordFilter } from './record-filter.js';
import type { SessionDetails } from './session-details.js';
import type { SessionEvent } from './session-event.js';
import type { NewUsage, UsageStore } from './usage.js';

/** Consecutive events of a session whose ids differ from their seqs by the same number. It ends where the next one begins. */
export interface Generation {
  readonly firstSeq: number;
  /** The id that clients receive is the seq plus this number. */
  readonly offset: number;
}

/** The state of a session after its last event, as clients see it. */
export interface SessionStatus {
  readonly state: SessionStateName;
  /** True while the session has an agent. @default derived from the state */
  readonly hasAgent?: boolean;
  readonly pending: readonly PendingRequest[];
  readonly tasks: readonly SessionTask[];
}

/** A summary of a session's events, so that a listing need not read them. */
export interface LogSummary {
  /** The seq of the first event of the window: it and every later one are kept. */
  readonly firstSeq: number;
  /** The last seq; 0 while there is no event. */
  readonly lastSeq: number;
  readonly costUsd: number;
  /** The generations of the events, oldest first; at least one, at most 100. */
  readonly generations: readonly Generation[];
  /** Null as long as no append had one. Only storages with a `cluster` have it. */
  readonly status?: SessionStatus | null;
}

/** The record of a session, without its events. */
export interface SessionRecord {
  /** An unguessable UUID. */
  readonly id: string;
  /** The id of the caller who created the session. */
  readonly owner: string;
  config: SessionConfig;
  /**
   * 1 at first, and another random number whenever a server takes over the session, so that it does not
   * repeat after the storage was restored to an earlier state. An append with another epoch is rejected.
   */
  epoch: number;
  readonly createdAt: Date;
  lastActivityAt: Date;
  /** The summary of the last append. A new record gets an empty summary, whatever is passed. */
  readonly log: LogSummary;
  /**
   * The details that clients set, as of the last append with `details`.
   *
   * @default none are set, or the storage does not store them
   */
  readonly details?: SessionDetails;
  /** The address of the server that owns the session, while its lease is valid. Only storages with a `cluster` have it. */
  readonly server?: string | null;
  /**
   * The address of the server from which this claim has taken the session over: one that did not release it. Only claims
   * of storages with a `cluster` have it.
   *
   * @default null
   */
  readonly takenFrom?: string | null;
}

/** The generations of a new session. Its ids equal its seqs until another server, or a restart, continues it. */
export const FIRST_GENERATION: readonly Generation[] = [{ firstSeq: 1, offset: 0 }];

export const EMPTY_LOG: LogSummary = {
  firstSeq: 1,
  lastSeq: 0,
  costUsd: 0,
  generations: FIRST_GENERATION,
};

const MAX_EPOCH = 2 ** 30;

/** Returns the epoch for a session that a server takes over: a random integer from 2 to 2^30. */
export function randomEpoch(): number {
  return randomInt(2, MAX_EPOCH);
}

/** The fields of a record that may change. */
export type SessionRecordPatch = Partial<Pick<SessionRecord, 'config' | 'lastActivityAt'>>;

/** The position of a record in the order of a listing. */
export interface RecordCursor {
  lastActivityAt: Date;
  id: string;
}

/** The position of a record in the order of creation. */
export interface CreationCursor {
  createdAt: Date;
  id: string;
}

/** An open request of a session: the event that opened it, which is kept as long as it is open. */
export interface RequestMark {
  /** The seq of the event. */
  readonly seq: number;
  readonly openedAt: Date;
  /** The ids of the callers who have approved it, in their order; absent unless it needs several approvals. */
  readonly approvedBy?: readonly string[];
  /** To whom it was escalated; absent until then. */
  readonly escalatedTo?: readonly string[];
}

/** The position of an open request in the order of a listing. */
export interface RequestCursor {
  readonly openedAt: Date;
  readonly sessionId: string;
  /** The seq of the event that opened it. */
  readonly seq: number;
}

/** An open request, as a storage finds it. */
export interface StoredRequest {
  readonly sessionId: string;
  readonly openedAt: Date;
  /** The event that opened it. */
  readonly event: SessionEvent;
  /** As in its {@link RequestMark} of the last append that had `requests`. */
  readonly approvedBy?: readonly string[];
  /** As `approvedBy`. */
  readonly escalatedTo?: readonly string[];
}

/** Events to append atomically to one session. */
export interface EventAppend {
  readonly sessionId: string;
  /** The epoch at which the server took over the session. */
  readonly epoch: number;
  /** The events in order. Their seqs continue those of the last append. */
  readonly events: readonly SessionEvent[];
  /**
   * The idempotency keys of the requests for these events, so that a retry is recognized. Stored in the
   * same commit as the events, for at least 24 hours (`IDEMPOTENCY_KEY_TTL_MS`), regardless of trims.
   */
  readonly keys: readonly string[];
  /**
   * True when the session is unfinished after these events: a message is queued, a turn is running, a
   * request is pending, or the session has ended and is to be removed. Stored in the same commit as the
   * events, and read by {@link SessionRecordStore.unfinished}.
   */
  readonly isUnfinished: boolean;
  /** The summary for the record from this commit on. Without `generations` or `status`, those of the record stay. */
  readonly summary: Pick<LogSummary, 'firstSeq' | 'costUsd'> &
    Partial<Pick<LogSummary, 'generations'>> & { readonly status?: SessionStatus };
  /**
   * The notifications about the events. Each is stored in the same commit, if its event is new. Only appends
   * to a storage with an `outbox` have them.
   */
  readonly notifications?: readonly NewNotification[];
  /**
   * Every request that is open after these events. Stored in the same commit as the events, and read by
   * {@link SessionRecordStore.openRequests}. Without it, those of the append before stay.
   */
  readonly requests?: readonly RequestMark[];
  /** The details of the record from this commit on. Without it, those of the record stay. */
  readonly details?: SessionDetails;
  /**
   * The usage that the events add to that of the session's owner. Each is added in the same commit, if its event is new.
   * A storage without `usage` ignores it.
   */
  readonly usage?: readonly NewUsage[];
}

/** The epoch of this server has ended: another server has taken over the session, or it was deleted. */
export class FencedError extends Error {
  constructor(sessionId: string) {
    super(`Session ${sessionId} was taken over or deleted.`);
    this.name = 'FencedError';
  }
}

/** The session belongs to another server, whose lease is valid. */
export class OwnedElsewhereError extends Error {
  /** The address of the owner. */
  readonly server: string;

  constructor(sessionId: string, server: string) {
    super(`Session ${sessionId} belongs to the server ${server}.`);
    this.name = 'OwnedElsewhereError';
    this.server = server;
  }
}

/**
 * The storage has a fault that retries do not fix until an operator acts: a corrupted database, a full
 * disk, a file that was removed. A storage may reject any call with it. Calls are still retried in the
 * background, so that the server continues when the fault is fixed.
 */
export class StorageFaultError extends Error {
  /**
   * @param message one sentence for clients that names the fault, such as `The disk of the database is
   *   full.` It contains no path, address or secret: those belong to the `cause`, which is only logged.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageFaultError';
  }
}

/**
 * The storage can never store this data: a value is out of its range, too large, or violates a rule of
 * its tables. A retry of the same call fails again.
 */
export class UnstorableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnstorableError';
  }
}

/** The minimum time for which an idempotency key is stored, in milliseconds: 24 hours. */
export const IDEMPOTENCY_KEY_TTL_MS = 24 * 60 * 60 * 1000;

/** Stores the events of sessions in the order of their seqs, without gaps except for trimmed events. */
export interface EventStore {
  /**
   * Resolves when the events are stored with the full durability of this store. A synchronous store
   * returns undefined, which avoids the cost of a promise. An append that is repeated because its
   * response was lost, and whose events exist already, succeeds and changes nothing.
   *
   * @throws FencedError when the epoch is not the latest one of the session
   * @throws RangeError when the events do not follow the last ones, as after the storage was restored to
   *   an earlier state
   * @throws UnstorableError when the events can never be stored; nothing of the append is stored then, and
   *   appends to other sessions are not affected. Any other error means that a retry of the same append
   *   may succeed.
   */
  append(append: EventAppend): void | Promise<void>;
  /** Returns up to `limit` events after `after`, in order; fewer only at the end. */
  read(sessionId: string, after: number, limit: number): Promise<SessionEvent[]>;
  /** Resolves to true when an append of the last 24 hours had this key. */
  hasKey(sessionId: string, key: string): Promise<boolean>;
  /** Removes the events before `firstSeq`, except those whose seq is in `keep`, and keys older than 24 hours. */
  trim(sessionId: string, firstSeq: number, keep: readonly number[]): void | Promise<void>;
}

/** An event store whose appends are all asynchronous. */
export interface AsyncEventStore extends EventStore {
  append(append: EventAppend): Promise<void>;
}

/**
 * The names of the events of which a session that ever had a message keeps at least one: the message
 * until its turn starts, the start of the turn until it ends, and then its result.
 */
export const CONVERSATION_EVENTS = ['user_message', 'turn_start', 'result'] as const;

/** Stores the records of sessions. */
export interface SessionRecordStore {
  /**
   * Stores a new record at epoch 1, owned by this server. If the same owner has created a session with
   * the same key before, and it still exists, stores nothing and returns the record of that session.
   */
  create(record: SessionRecord, key: string | null): Promise<SessionRecord>;
  get(sessionId: string): Promise<SessionRecord | null>;
  /**
   * Takes over the session for this server and gives it a new epoch, by {@link randomEpoch}. Returns null
   * when it does not exist. In a storage with a `cluster`, the session of another server is taken over
   * only as {@link ClusterStore} says.
   *
   * @throws OwnedElsewhereError when it belongs to another server
   */
  claim(sessionId: string): Promise<SessionRecord | null>;
  /** @throws FencedError when the epoch is not the latest one; nothing is changed then */
  update(sessionId: string, epoch: number, patch: SessionRecordPatch): Promise<void>;
  /**
   * Returns up to `limit` records of the sessions that a caller owns or is a member of, after `cursor`, without those
   * that a filter leaves out, the newest activity first.
   */
  list(
    caller: string,
    limit: number,
    cursor: RecordCursor | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]>;
  /** Returns records as {@link list} does, the newest first, and those of the same time in the order of their ids. */
  listCreated(
    caller: string,
    limit: number,
    cursor: CreationCursor | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]>;
  /**
   * Returns up to `limit` records of all owners after `cursor`, the newest first, and those of the same time in the order
   * of their ids, for operators.
   */
  listAll(
    limit: number,
    cursor: CreationCursor | null,
    filter?: AllRecordsFilter,
  ): Promise<SessionRecord[]>;
  /**
   * Returns up to `limit` records, as {@link list} does, whose last activity is not before `since`, in the order of
   * their ids, after the id `after`.
   */
  usedSince(
    caller: string,
    since: Date,
    limit: number,
    after: string | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]>;
  /**
   * Returns up to `limit` open requests of all sessions that a caller owns, or of which the caller is an approver,
   * after `cursor`, in the order of their times, and at equal times in that of the ids of their sessions and of their
   * seqs.
   */
  openRequests(
    caller: string,
    limit: number,
    cursor: RequestCursor | null,
  ): Promise<StoredRequest[]>;
  /** Returns the number of records of an owner, without those that are shared with the owner. */
  count(owner: string): Promise<number>;
  /** Returns up to `limit` ids after `after`, in order, of unfinished sessions whose server is gone. */
  unfinished(limit: number, after: string | null): Promise<string[]>;
  /** Returns up to `limit` ids of sessions without activity since `before`, except those of other running servers. */
  unusedSince(before: Date, limit: number): Promise<string[]>;
  /**
   * Returns up to `limit` ids of sessions without activity since `before` whose events contain none of
   * {@link CONVERSATION_EVENTS}, except those of other running servers.
   */
  emptySince(before: Date, limit: number): Promise<string[]>;
  /** Deletes a session atomically: its record, its events, its keys and its transcripts. */
  delete(sessionId: string): Promise<void>;
}

/** Stores the transcripts of agents: a session store of the SDK, whose appends may be fenced. */
export interface TranscriptStore extends SessionStore {
  /**
   * Appends entries, those with a `uuid` only once. The next {@link SessionRecordStore.claim} of the session
   * returns only when an append that passed the check is stored, so that the next agent reads it.
   *
   * @param epoch the epoch at which the server took over the session of the key; without it, nothing is checked
   * @throws FencedError when the epoch is not the latest one of the session; nothing is stored then
   */
  append(key: SessionKey, entries: SessionStoreEntry[], epoch?: number): Promise<void>;
}

/** The storage of all sessions. A host replaces it to store sessions elsewhere. */
export interface StorageProvider {
  /** True when stored data survives a restart of the server, so that sessions can continue. */
  readonly durable: boolean;
  readonly events: EventStore;
  readonly records: SessionRecordStore;
  /**
   * The transcripts of agents, in the format of the SDK, so that a conversation can be resumed on
   * another machine. Undefined when the agent's own files are sufficient.
   */
  readonly transcripts?: TranscriptStore;
  /** The leases and messages of the servers that share this storage. Undefined when only one server uses it. */
  readonly cluster?: ClusterStore;
  /** The notifications that wait for their delivery. Undefined when the storage cannot store them: `notify` needs it. */
  readonly outbox?: NotificationOutbox;
  /** The usage of owners by day and model. Undefined when the storage does not store it: a budget per day needs it. */
  readonly usage?: UsageStore;
  /**
   * Creates the bus of the servers that share this storage, for those without one of their own. It is closed before
   * the storage. Null or undefined when the storage has none: the servers then look into it each second.
   */
  createBus?(): Bus | null;
  /**
   * Prepares the storage, for example its schema or a worker. Called once, before anything else. Rejects
   * when it cannot be prepared: the server then does not start.
   *
   * @param onTrouble reports a problem that is being retried, as a sentence for the log
   */
  open?(onTrouble: (problem: string) => void): Promise<void>;
  /** Releases the resources that this provider has opened itself, and no others. Called once, last. */
  close?(): Promise<void>;
}
