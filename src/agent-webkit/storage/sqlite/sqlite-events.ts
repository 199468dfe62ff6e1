import type { SessionEvent } from '../../engine/session-event.js';
import {
  type EventAppend,
  type EventStore,
  FencedError,
  IDEMPOTENCY_KEY_TTL_MS,
  type RequestMark,
} from '../../engine/storage.js';
import { type AppendOutcome, AppendGroups, writeIsolated } from '../append-groups.js';
import type { SqliteOutbox } from './sqlite-outbox.js';
import type { SqliteThread } from './sqlite-thread.js';
import type { SqliteUsage } from './sqlite-usage.js';
import { StoredDetails } from './stored-details.js';
import type { Step, Unit, UnitResult } from './thread-protocol.js';

/** Stores events in a SQLite database and commits those of many sessions together. */
export class SqliteEvents implements EventStore {
  readonly #thread: SqliteThread;
  readonly #outbox: SqliteOutbox;
  readonly #usage: SqliteUsage;
  readonly #groups: AppendGroups;
  readonly #sql: ReturnType<typeof createStatements>;
  readonly #details: StoredDetails;

  constructor(
    thread: SqliteThread,
    tablePrefix: string,
    { outbox, usage }: { outbox: SqliteOutbox; usage: SqliteUsage },
  ) {
    this.#thread = thread;
    this.#outbox = outbox;
    this.#usage = usage;
    this.#groups = new AppendGroups((group) => writeIsolated(group, (part) => this.#write(part)));
    this.#sql = createStatements(tablePrefix);
    this.#details = new StoredDetails(tablePrefix);
  }

  append(append: EventAppend): Promise<void> {
    return this.#groups.commit(append);
  }

  async read(sessionId: string, after: number, limit: number): Promise<SessionEvent[]> {
    const rows = await this.#thread.read(this.#sql.read, [sessionId, after, limit]);
    return rows.map(({ seq, name, data }) => ({
      seq: Number(seq),
      name: String(name),
      data: String(data),
    }));
  }

  async hasKey(sessionId: string, key: string): Promise<boolean> {
    const params = [sessionId, JSON.stringify(key), Date.now() - IDEMPOTENCY_KEY_TTL_MS];
    return (await this.#thread.read(this.#sql.findKey, params)).length > 0;
  }

  async trim(sessionId: string, firstSeq: number, keep: readonly number[]): Promise<void> {
    const events = [sessionId, firstSeq, JSON.stringify(keep)];
    const keys = [sessionId, Date.now() - IDEMPOTENCY_KEY_TTL_MS];
    const unit: Unit = [
      { kind: 'write', sql: this.#sql.trimEvents, params: events },
      { kind: 'write', sql: this.#sql.trimKeys, params: keys },
    ];
    // Events that reappear after a power failure are trimmed by a later call.
    await this.#thread.write([unit], 'write-lazily');
  }

  /** Resolves when no append is in progress. */
  settled(): Promise<void> {
    return this.#groups.settled();
  }

  async #write(group: readonly EventAppend[]): Promise<AppendOutcome[]> {
    const results = await this.#thread.write(group.map((append) => this.#unitOf(append)));
    return group.map((append, index) => outcomeOf(append, results[index]));
  }

  #unitOf(append: EventAppend): Unit {
    const { sessionId, epoch, events, keys, isUnfinished, summary } = append;
    const { notifications, requests, details, usage } = append;
    const sql = this.#sql;
    const precedingSeq = (events[0]?.seq ?? 1) - 1;
    const writes: Step[] = events.map(({ seq, name, data }) => ({
      kind: 'write',
      sql: sql.insertEvent,
      params: [seq, name, data, sessionId, seq],
    }));
    const now = Date.now();
    for (const key of keys) {
      const params = [JSON.stringify(key), now, sessionId];
      writes.push({ kind: 'write', sql: sql.insertKey, params });
    }
    writes.push(...this.#outbox.additions(sessionId, notifications));
    writes.push(...this.#usage.additions(sessionId, usage));
    if (requests) writes.push(...this.#writesOf(sessionId, requests));
    writes.push(...this.#details.writes(sessionId, details));
    const lastSeq = events.at(-1)?.seq;
    if (lastSeq !== undefined) {
      writes.push({ kind: 'write', sql: sql.advance, params: [lastSeq, sessionId] });
    }
    return [
      {
        kind: 'guard',
        sql: sql.fence,
        params: [
          Number(isUnfinished),
          summary.firstSeq,
          summary.costUsd,
          summary.generations ? JSON.stringify(summary.generations) : null,
          sessionId,
          epoch,
          precedingSeq,
        ],
        otherwise: { sql: sql.position, params: [sessionId] },
      },
      ...writes,
    ];
  }

  /** Returns the writes that make these the open requests of a session. */
  #writesOf(sessionId: string, requests: readonly RequestMark[]): Step[] {
    const seqs = JSON.stringify(requests.map(({ seq }) => seq));
    const opened = requests.map(({ seq, openedAt, approvedBy, escalatedTo }): Step => {
      const names = [approvedBy, escalatedTo].map((list) => (list ? JSON.stringify(list) : null));
      const params = [seq, openedAt.getTime(), ...names, sessionId];
      return { kind: 'write', sql: this.#sql.openRequest, params };
    });
    return [{ kind: 'write', sql: this.#sql.closeRequests, params: [sessionId, seqs] }, ...opened];
  }
}

function outcomeOf({ sessionId, epoch, events }: EventAppend, result?: UnitResult): AppendOutcome {
  if (result?.isDone) return null;
  const position = result?.rows[0];
  if (position?.['epoch'] !== epoch) return new FencedError(sessionId);
  return new RangeError(`Event ${events[0]?.seq} does not follow ${position['last_seq']}.`);
}

function createStatements(prefix: string) {
  const [session, event, key] = [`${prefix}session`, `${prefix}event`, `${prefix}accepted_key`];
  const request = `${prefix}open_request`;
  return {
    fence: `update ${session} set is_unfinished = ?, first_seq = ?, cost_usd = ?,
        generations = coalesce(?, generations)
      where id = ? and epoch = ? and last_seq >= ?`,
    position: `select epoch, last_seq from ${session} where id = ?`,
    // Only new events: an append may be repeated after its events were trimmed.
    insertEvent: `insert into ${event} (session, seq, name, data)
      select key, ?, ?, ? from ${session} where id = ? and last_seq < ?`,
    insertKey: `insert into ${key} (session, key, accepted_at)
      select key, ?, ? from ${session} where id = ?
      on conflict do update set accepted_at = excluded.accepted_at`,
    closeRequests: `delete from ${request}
      where session_id = ? and seq not in (select value from json_each(?))`,
    openRequest: `insert into ${request} (session_id, seq, owner, opened_at, approved_by, escalated_to)
      select id, ?, owner, ?, ?, ? from ${session} where id = ?
      on conflict do update
      set approved_by = excluded.approved_by, escalated_to = excluded.escalated_to
      where approved_by is not excluded.approved_by or escalated_to is not excluded.escalated_to`,
    advance: `update ${session} set last_seq = max(last_seq, ?) where id = ?`,
    read: `select seq, name, data from ${event}
      where session = (select key from ${session} where id = ?) and seq > ? order by seq limit ?`,
    findKey: `select 1 from ${key}
      where session = (select key from ${session} where id = ?) and key = ? and accepted_at > ?`,
    trimEvents: `delete from ${event}
      where session = (select key from ${session} where id = ?) and seq < ?
      and seq not in (select value from json_each(?))`,
    trimKeys: `delete from ${key}
      where session = (select key from ${session} where id = ?) and accepted_at <= ?`,
  };
}
