import type { SessionStore } from '@anthropic-ai/claude-agent-sdk';
import type { SessionConfig } from './agent-client.js';
import type { SessionEvent } from './session-event.js';

/** What a session's events come to, so that a listing need not read them. */
export interface LogSummary {
  /** The oldest seq after which everything is kept. */
  readonly firstSeq: number;
  /** 0 while there is no event. */
  readonly lastSeq: number;
  readonly costUsd: number;
}

/** What is known of a session besides its events. */
export interface SessionRecord {
  /** A UUID, unguessable. */
  readonly id: string;
  /** The id of the caller who created the session, and who alone sees it. */
  readonly owner: string;
  config: SessionConfig;
  /** Rises each time a server takes the session over; an append with an older one is refused. */
  epoch: number;
  readonly createdAt: Date;
  lastActivityAt: Date;
  /** As of the last append; a new record's is empty, whatever it says. */
  readonly log: LogSummary;
}

export const EMPTY_LOG: LogSummary = { firstSeq: 1, lastSeq: 0, costUsd: 0 };

/** What may change of a record. */
export type SessionRecordPatch = Partial<Pick<SessionRecord, 'config' | 'lastActivityAt'>>;

/** Where a page of a listing ended. */
export interface RecordCursor {
  lastActivityAt: Date;
  id: string;
}

/** Events to append to one session, all of them or none. */
export interface EventAppend {
  readonly sessionId: string;
  /** The epoch at which the appending server took the session over. */
  readonly epoch: number;
  /** In order, their seqs going on where the last append ended. */
  readonly events: readonly SessionEvent[];
  /**
   * Under which keys a client asked for what these events say, so that a retry is recognised.
   * Kept with the events in one commit, for at least 24 hours (`IDEMPOTENCY_KEY_TTL_MS`), whatever is trimmed.
   */
  readonly keys: readonly string[];
  /**
   * Whether, after these events, something is left to do: a message waits, a turn runs, a request
   * is open, or the session has ended and is to be removed. Kept with the events in one commit: {@link SessionRecordStore.unfinished} reads it.
   */
  readonly isUnfinished: boolean;
  /** What the record is to say of the events from this commit on. */
  readonly summary: Pick<LogSummary, 'firstSeq' | 'costUsd'>;
}

/** The session was taken over by another server, or is no more: this server's epoch of it has ended. */
export class FencedError extends Error {
  constructor(sessionId: string) {
    super(`Session ${sessionId} was taken over or deleted.`);
    this.name = 'FencedError';
  }
}

/** How long an idempotency key is kept at least, in milliseconds: 24 hours. */
export const IDEMPOTENCY_KEY_TTL_MS = 24 * 60 * 60 * 1000;

/** Keeps sessions' events, in the order of their seq, without a gap but for what was trimmed. */
export interface EventStore {
  /**
   * Resolves when the events are as durable as this store makes anything; a store that is done at
   * once returns nothing, which costs nothing. An append that is repeated because the first answer
   * was lost, with events that are there already, succeeds and changes nothing.
   *
   * @throws FencedError when the epoch is not the session's latest
   * @throws RangeError when the events do not follow the last ones; any other error means that the
   *   store may take the same events later
   */
  append(append: EventAppend): void | Promise<void>;
  /** Up to `limit` events after `after`, in order; fewer only at the end. */
  read(sessionId: string, after: number, limit: number): Promise<SessionEvent[]>;
  /** Resolves to true when an append of the last 24 hours carried this key. */
  hasKey(sessionId: string, key: string): Promise<boolean>;
  /** Removes the events before `firstSeq`, except those whose seq is in `keep`, and keys older than 24 hours. */
  trim(sessionId: string, firstSeq: number, keep: readonly number[]): void | Promise<void>;
}

/** An event store that answers every append with a promise. */
export interface AsyncEventStore extends EventStore {
  append(append: EventAppend): Promise<void>;
}

/** Keeps sessions' records. */
export interface SessionRecordStore {
  /**
   * Keeps a new record, at epoch 1 and as this server's. Where the same owner created a session
   * with the same key before, and it still exists, nothing is kept and that one's record returned.
   */
  create(record: SessionRecord, key: string | null): Promise<SessionRecord>;
  get(sessionId: string): Promise<SessionRecord | null>;
  /** Makes the session this server's: its epoch rises by one. Null when there is no such session. */
  claim(sessionId: string): Promise<SessionRecord | null>;
  /** @throws FencedError when the epoch is not the session's latest, and nothing is changed */
  update(sessionId: string, epoch: number, patch: SessionRecordPatch): Promise<void>;
  /** Up to `limit` records of one owner, the newest activity first, those after `cursor`. */
  list(owner: string, limit: number, cursor: RecordCursor | null): Promise<SessionRecord[]>;
  /** How many records an owner has. */
  count(owner: string): Promise<number>;
  /** Up to `limit` ids of unfinished sessions whose server is gone, in the order of ids, those after `after`. */
  unfinished(limit: number, after: string | null): Promise<string[]>;
  /** Up to `limit` ids of sessions without activity since `before`, but for those another living server has. */
  unusedSince(before: Date, limit: number): Promise<string[]>;
  /** Removes a session for good: its record, its events, its keys and its transcripts, all or nothing. */
  delete(sessionId: string): Promise<void>;
}

/** Everything that is kept. The one thing a host swaps to keep it elsewhere. */
export interface StorageProvider {
  /** True when what was stored outlives the server, so that a session may too. */
  readonly durable: boolean;
  readonly events: EventStore;
  readonly records: SessionRecordStore;
  /**
   * The agents' own memory of their conversations, in the SDK's terms, so that one can be resumed
   * on a machine that never saw it. Undefined where the agent's own files are enough.
   */
  readonly transcripts?: SessionStore;
  /** Makes ready what is not yet: a schema, a worker. Called once, before anything else. */
  open?(): Promise<void>;
  /** Gives back what this provider opened itself, never what it was given. Called once, last. */
  close?(): Promise<void>;
}
