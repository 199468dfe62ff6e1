import {
  CONVERSATION_EVENTS,
  type CreationCursor,
  type EventAppend,
  EMPTY_LOG,
  type EventStore,
  FencedError,
  IDEMPOTENCY_KEY_TTL_MS,
  type LogSummary,
  randomEpoch,
  type RecordCursor,
  type RequestCursor,
  type RequestMark,
  type SessionRecord,
  type SessionRecordPatch,
  type SessionRecordStore,
  type StorageProvider,
  type StoredRequest,
  type TranscriptStore,
} from '../../engine/storage.js';
import { matchesDetails, type RecordFilter, searchedDetails } from '../../engine/record-filter.js';
import { PackedEvents } from '../../engine/event-log/packed-events.js';
import type { NotificationOutbox } from '../../engine/notification-outbox.js';
import type { SessionEvent } from '../../engine/session-event.js';
import { MemoryOutbox } from './memory-outbox.js';
import { pageOfRequests } from './memory-requests.js';
import { MemoryTranscripts } from './memory-transcripts.js';

interface Stored {
  record: Omit<SessionRecord, 'log'>;
  /** The summary of the events in the record. */
  summary: Omit<LogSummary, 'lastSeq'>;
  creationKey: string | null;
  events: PackedEvents;
  /** Earlier events that were retained individually. */
  older: SessionEvent[];
  requests: readonly RequestMark[];
  /** The time at which each key was accepted, as `performance.now()`; oldest first. */
  keys: Map<string, number>;
}

/** Stores everything in the memory of this process. It needs no installation; the data ends with the server. */
export class MemoryStorage implements StorageProvider {
  readonly durable = false;
  readonly transcripts: Required<TranscriptStore>;
  readonly events: EventStore;
  readonly records: SessionRecordStore;
  readonly outbox: NotificationOutbox;

  constructor() {
    const sessions = new Map<string, Stored>();
    const outbox = new MemoryOutbox();
    this.outbox = outbox;
    this.events = new MemoryEventStore(sessions, outbox);
    const transcripts = new MemoryTranscripts((id) => sessions.get(id)?.record.epoch);
    this.transcripts = transcripts;
    this.records = new MemoryRecordStore(sessions, transcripts);
  }
}

class MemoryEventStore implements EventStore {
  readonly #sessions: Map<string, Stored>;
  readonly #outbox: MemoryOutbox;

  constructor(sessions: Map<string, Stored>, outbox: MemoryOutbox) {
    this.#sessions = sessions;
    this.#outbox = outbox;
  }

  append(append: EventAppend): void {
    const {
      sessionId,
      epoch,
      events,
      keys,
      summary,
      notifications = [],
      requests,
      details,
    } = append;
    const stored = this.#sessions.get(sessionId);
    if (!stored || epoch !== stored.record.epoch) throw new FencedError(sessionId);
    const { lastSeq } = stored.events;
    const added = events.filter((event) => event.seq > lastSeq);
    const [first] = added;
    if (first && first.seq !== lastSeq + 1) {
      throw new RangeError(`Event ${first.seq} does not follow ${lastSeq}.`);
    }
    for (const event of added) stored.events.push(event);
    stored.summary = { ...stored.summary, ...summary };
    if (requests) stored.requests = requests;
    if (details) stored.record = { ...stored.record, details: structuredClone(details) };
    for (const key of keys) stored.keys.set(key, performance.now());
    for (const notification of notifications) {
      if (notification.seq > lastSeq) this.#outbox.add(notification);
    }
  }

  read(sessionId: string, after: number, limit: number): Promise<SessionEvent[]> {
    const stored = this.#sessions.get(sessionId);
    if (!stored) return Promise.resolve([]);
    return Promise.resolve(eventsOf(stored, after, limit));
  }

  hasKey(sessionId: string, key: string): Promise<boolean> {
    const at = this.#sessions.get(sessionId)?.keys.get(key);
    return Promise.resolve(at !== undefined && performance.now() - at < IDEMPOTENCY_KEY_TTL_MS);
  }

  trim(sessionId: string, firstSeq: number, keep: readonly number[]): void {
    const stored = this.#sessions.get(sessionId);
    if (!stored) return;
    const { events, older } = stored;
    const kept = new Set(keep);
    const leaving = [...kept]
      .filter((seq) => seq >= events.firstSeq && seq < firstSeq)
      .sort((a, b) => a - b)
      .flatMap((seq) => events.after(seq - 1, 1));
    const staying = older.filter(({ seq }) => seq >= firstSeq || kept.has(seq));
    stored.older = [...staying, ...leaving];
    events.evictBefore(firstSeq);
    for (const [key, at] of stored.keys) {
      if (performance.now() - at < IDEMPOTENCY_KEY_TTL_MS) break;
      stored.keys.delete(key);
    }
  }
}

class MemoryRecordStore implements SessionRecordStore {
  readonly #sessions: Map<string, Stored>;
  readonly #transcripts: MemoryTranscripts;
  readonly #byOwner = new Map<string, Set<string>>();

  constructor(sessions: Map<string, Stored>, transcripts: MemoryTranscripts) {
    this.#sessions = sessions;
    this.#transcripts = transcripts;
  }

  create(record: SessionRecord, creationKey: string | null): Promise<SessionRecord> {
    const known = this.#ofOwner(record.owner).find(
      (stored) => creationKey !== null && stored.creationKey === creationKey,
    );
    if (known) return Promise.resolve(recordOf(known));
    const { log: _, ...created } = structuredClone(record);
    const { firstSeq, costUsd, generations } = EMPTY_LOG;
    const stored: Stored = {
      record: created,
      summary: { firstSeq, costUsd, generations },
      creationKey,
      events: new PackedEvents(Number.POSITIVE_INFINITY),
      older: [],
      requests: [],
      keys: new Map(),
    };
    this.#sessions.set(record.id, stored);
    const ids = this.#byOwner.get(record.owner) ?? new Set();
    this.#byOwner.set(record.owner, ids.add(record.id));
    return Promise.resolve(recordOf(stored));
  }

  get(sessionId: string): Promise<SessionRecord | null> {
    const stored = this.#sessions.get(sessionId);
    return Promise.resolve(stored ? recordOf(stored) : null);
  }

  claim(sessionId: string): Promise<SessionRecord | null> {
    const stored = this.#sessions.get(sessionId);
    if (stored) stored.record.epoch = randomEpoch();
    return this.get(sessionId);
  }

  update(sessionId: string, epoch: number, patch: SessionRecordPatch): Promise<void> {
    const record = this.#sessions.get(sessionId)?.record;
    if (record?.epoch !== epoch) return Promise.reject(new FencedError(sessionId));
    Object.assign(record, structuredClone(patch));
    return Promise.resolve();
  }

  list(
    owner: string,
    limit: number,
    cursor: RecordCursor | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    const page = this.#ofOwner(owner, filter)
      .sort((a, b) => byNewestActivity(a.record, b.record))
      .filter(({ record }) => cursor === null || byNewestActivity(cursor, record) < 0);
    return Promise.resolve(page.slice(0, limit).map(recordOf));
  }

  listCreated(
    owner: string,
    limit: number,
    cursor: CreationCursor | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    const page = this.#ofOwner(owner, filter)
      .sort((a, b) => byNewest(a.record, b.record))
      .filter(({ record }) => cursor === null || byNewest(cursor, record) < 0);
    return Promise.resolve(page.slice(0, limit).map(recordOf));
  }

  usedSince(
    owner: string,
    since: Date,
    limit: number,
    after: string | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    const used = this.#ofOwner(owner, filter)
      .filter(({ record }) => record.lastActivityAt >= since && record.id > (after ?? ''))
      .sort((a, b) => (a.record.id < b.record.id ? -1 : 1));
    return Promise.resolve(used.slice(0, limit).map(recordOf));
  }

  openRequests(
    owner: string,
    limit: number,
    cursor: RequestCursor | null,
  ): Promise<StoredRequest[]> {
    const open = this.#ofOwner(owner).flatMap(({ record, requests }) =>
      requests.map((mark) => ({ ...mark, sessionId: record.id })),
    );
    const found = pageOfRequests(open, limit, cursor).flatMap(({ seq, ...request }) => {
      const stored = this.#sessions.get(request.sessionId);
      const [event] = stored ? eventsOf(stored, seq - 1, 1) : [];
      return event ? { ...request, event } : [];
    });
    return Promise.resolve(found);
  }

  count(owner: string): Promise<number> {
    return Promise.resolve(this.#byOwner.get(owner)?.size ?? 0);
  }

  /** Always empty: the sessions in memory end with their server. */
  unfinished(): Promise<string[]> {
    return Promise.resolve([]);
  }

  unusedSince(before: Date, limit: number): Promise<string[]> {
    const unused = [...this.#sessions.values()]
      .filter(({ record }) => record.lastActivityAt < before)
      .map(({ record }) => record.id);
    return Promise.resolve(unused.slice(0, limit));
  }

  emptySince(before: Date, limit: number): Promise<string[]> {
    const empty: string[] = [];
    for (const { record, events, older } of this.#sessions.values()) {
      if (empty.length === limit) break;
      if (record.lastActivityAt >= before || older.some(isConversation)) continue;
      if (!hasConversation(events)) empty.push(record.id);
    }
    return Promise.resolve(empty);
  }

  delete(sessionId: string): Promise<void> {
    const owner = this.#sessions.get(sessionId)?.record.owner;
    this.#sessions.delete(sessionId);
    this.#transcripts.deleteSession(sessionId);
    if (owner === undefined) return Promise.resolve();
    const ids = this.#byOwner.get(owner);
    ids?.delete(sessionId);
    if (ids?.size === 0) this.#byOwner.delete(owner);
    return Promise.resolve();
  }

  #ofOwner(owner: string, filter: RecordFilter = {}): Stored[] {
    const isAll = Object.keys(filter).length === 0;
    return [...(this.#byOwner.get(owner) ?? [])]
      .flatMap((id) => this.#sessions.get(id) ?? [])
      .filter(({ record }) => isAll || matchesDetails(filter, searchedDetails(record.details)));
  }
}

/** Returns up to `limit` events after a seq, in order. */
function eventsOf({ events, older }: Stored, after: number, limit: number): SessionEvent[] {
  const earlier = older.filter((event) => event.seq > after).slice(0, limit);
  return [...earlier, ...events.after(after, limit - earlier.length)];
}

function isConversation({ name }: SessionEvent): boolean {
  return CONVERSATION_EVENTS.some((known) => known === name);
}

/** Returns true when one of the packed events is of a conversation. Reads few at a time: the first ones mostly decide. */
function hasConversation(events: PackedEvents): boolean {
  const PAGE = 16;
  let after = events.firstSeq - 1;
  while (after < events.lastSeq) {
    const page = events.after(after, PAGE);
    if (page.some(isConversation)) return true;
    const last = page.at(-1);
    if (!last) return false;
    after = last.seq;
  }
  return false;
}

/** Returns a copy of the record that the caller may modify. */
function recordOf({ record, summary, events }: Stored): SessionRecord {
  const log = { ...structuredClone(summary), lastSeq: events.lastSeq };
  return { ...structuredClone(record), log };
}

function byNewest(a: CreationCursor, b: CreationCursor): number {
  return byNewestTime(a.createdAt, b.createdAt) || byId(a, b);
}

function byNewestTime(a: Date, b: Date): number {
  return b.getTime() - a.getTime();
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** Orders by id at equal times, so that the end of a page is a unique position. */
function byNewestActivity(a: RecordCursor, b: RecordCursor): number {
  return byNewestTime(a.lastActivityAt, b.lastActivityAt) || byId(a, b);
}
