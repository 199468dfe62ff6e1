import {
  type CreationCursor,
  type EventAppend,
  EMPTY_LOG,
  type EventStore,
  FencedError,
  IDEMPOTENCY_KEY_TTL_MS,
  randomEpoch,
  type RecordCursor,
  type RequestCursor,
  type SessionRecord,
  type SessionRecordPatch,
  type SessionRecordStore,
  type StorageProvider,
  type StoredRequest,
  type TranscriptStore,
} from '../../engine/storage.js';
import {
  type AllRecordsFilter,
  matchesDetails,
  type RecordFilter,
  searchedDetails,
} from '../../engine/record-filter.js';
import { PackedEvents } from '../../engine/event-log/packed-events.js';
import type { NotificationOutbox } from '../../engine/notification-outbox.js';
import type { SessionEvent } from '../../engine/session-event.js';
import { roleOf } from '../../engine/session-members.js';
import type { UsageStore } from '../../engine/usage.js';
import { MemberIndex } from './member-index.js';
import { MemoryOutbox } from './memory-outbox.js';
import { pageOfRequests } from './memory-requests.js';
import { MemoryTranscripts } from './memory-transcripts.js';
import { MemoryUsage } from './memory-usage.js';
import { byId, byNewest, byNewestActivity } from './record-order.js';
import {
  eventsOf,
  hasConversation,
  isConversation,
  recordOf,
  type StoredSession,
} from './stored-session.js';

/** Stores everything in the memory of this process. It needs no installation; the data ends with the server. */
export class MemoryStorage implements StorageProvider {
  readonly durable = false;
  readonly transcripts: Required<TranscriptStore>;
  readonly events: EventStore;
  readonly records: SessionRecordStore;
  readonly outbox: NotificationOutbox;
  readonly usage: UsageStore;

  constructor() {
    const sessions = new Map<string, StoredSession>();
    const outbox = new MemoryOutbox();
    this.outbox = outbox;
    const members = new MemberIndex();
    const usage = new MemoryUsage();
    this.usage = usage;
    this.events = new MemoryEventStore(sessions, { outbox, usage, members });
    const transcripts = new MemoryTranscripts((id) => sessions.get(id)?.record.epoch);
    this.transcripts = transcripts;
    this.records = new MemoryRecordStore(sessions, transcripts, members);
  }
}

/** The stores to which an append adds, besides its events. */
interface MemoryIndexes {
  readonly outbox: MemoryOutbox;
  readonly usage: MemoryUsage;
  readonly members: MemberIndex;
}

class MemoryEventStore implements EventStore {
  readonly #sessions: Map<string, StoredSession>;
  readonly #indexes: MemoryIndexes;

  constructor(sessions: Map<string, StoredSession>, indexes: MemoryIndexes) {
    this.#sessions = sessions;
    this.#indexes = indexes;
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
      usage = [],
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
    if (details) {
      stored.record = { ...stored.record, details: structuredClone(details) };
      this.#indexes.members.set(sessionId, details);
    }
    for (const key of keys) stored.keys.set(key, performance.now());
    for (const notification of notifications) {
      if (notification.seq > lastSeq) this.#indexes.outbox.add(notification);
    }
    for (const row of usage) {
      if (row.seq > lastSeq) this.#indexes.usage.add(stored.record.owner, row);
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
  readonly #sessions: Map<string, StoredSession>;
  readonly #transcripts: MemoryTranscripts;
  readonly #members: MemberIndex;
  readonly #byOwner = new Map<string, Set<string>>();

  constructor(
    sessions: Map<string, StoredSession>,
    transcripts: MemoryTranscripts,
    members: MemberIndex,
  ) {
    this.#sessions = sessions;
    this.#transcripts = transcripts;
    this.#members = members;
  }

  create(record: SessionRecord, creationKey: string | null): Promise<SessionRecord> {
    const known = this.#ofOwner(record.owner).find(
      (stored) => creationKey !== null && stored.creationKey === creationKey,
    );
    if (known) return Promise.resolve(recordOf(known));
    const { log: _, ...created } = structuredClone(record);
    const { firstSeq, costUsd, generations } = EMPTY_LOG;
    const stored: StoredSession = {
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
    this.#members.set(record.id, record.details);
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
    caller: string,
    limit: number,
    cursor: RecordCursor | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    const page = this.#ofCaller(caller, filter)
      .sort((a, b) => byNewestActivity(a.record, b.record))
      .filter(({ record }) => cursor === null || byNewestActivity(cursor, record) < 0);
    return Promise.resolve(page.slice(0, limit).map(recordOf));
  }

  listCreated(
    caller: string,
    limit: number,
    cursor: CreationCursor | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    return Promise.resolve(newestPage(this.#ofCaller(caller, filter), limit, cursor));
  }

  listAll(
    limit: number,
    cursor: CreationCursor | null,
    { owner }: AllRecordsFilter = {},
  ): Promise<SessionRecord[]> {
    const all = owner === undefined ? [...this.#sessions.values()] : this.#ofOwner(owner);
    return Promise.resolve(newestPage(all, limit, cursor));
  }

  usedSince(
    caller: string,
    since: Date,
    limit: number,
    after: string | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    const used = this.#ofCaller(caller, filter)
      .filter(({ record }) => record.lastActivityAt >= since && record.id > (after ?? ''))
      .sort((a, b) => byId(a.record, b.record));
    return Promise.resolve(used.slice(0, limit).map(recordOf));
  }

  openRequests(
    caller: string,
    limit: number,
    cursor: RequestCursor | null,
  ): Promise<StoredRequest[]> {
    const answered = this.#ofCaller(caller).filter(({ record }) =>
      ['owner', 'approver'].includes(roleOf(record, caller) ?? ''),
    );
    const open = answered.flatMap(({ record, requests }) =>
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
    this.#members.set(sessionId, undefined);
    if (owner === undefined) return Promise.resolve();
    const ids = this.#byOwner.get(owner);
    ids?.delete(sessionId);
    if (ids?.size === 0) this.#byOwner.delete(owner);
    return Promise.resolve();
  }

  #ofOwner(owner: string): StoredSession[] {
    return this.#stored([...(this.#byOwner.get(owner) ?? [])]);
  }

  /** Returns the sessions that a caller owns or is a member of. */
  #ofCaller(caller: string, filter: RecordFilter = {}): StoredSession[] {
    const isAll = Object.keys(filter).length === 0;
    return [...this.#ofOwner(caller), ...this.#stored(this.#members.of(caller))].filter(
      ({ record }) => isAll || matchesDetails(filter, searchedDetails(record.details)),
    );
  }

  #stored(ids: readonly string[]): StoredSession[] {
    return ids.flatMap((id) => this.#sessions.get(id) ?? []);
  }
}

/** Returns the first records after a position, the newest first. */
function newestPage(
  stored: readonly StoredSession[],
  limit: number,
  cursor: CreationCursor | null,
): SessionRecord[] {
  return stored
    .filter(({ record }) => cursor === null || byNewest(cursor, record) < 0)
    .sort((a, b) => byNewest(a.record, b.record))
    .slice(0, limit)
    .map(recordOf);
}
