import type { SessionConfig } from '../../engine/agent-client.js';
import type { AllRecordsFilter, RecordFilter } from '../../engine/record-filter.js';
import type { SessionDetails } from '../../engine/session-details.js';
import {
  CONVERSATION_EVENTS,
  type CreationCursor,
  EMPTY_LOG,
  FencedError,
  type Generation,
  randomEpoch,
  type RecordCursor,
  type RequestCursor,
  type SessionRecord,
  type SessionRecordPatch,
  type SessionRecordStore,
  type StoredRequest,
} from '../../engine/storage.js';
import {
  allQuery,
  type ListingOptions,
  type ListingQuery,
  listingQuery,
  usedSinceQuery,
} from './listing-query.js';
import type { SqliteThread } from './sqlite-thread.js';
import { openRequestsQuery, toStoredRequest } from './request-row.js';
import { StoredDetails } from './stored-details.js';
import type { Row, SqlValue, Unit } from './thread-protocol.js';

/** Stores session records in a SQLite database. */
export class SqliteRecords implements SessionRecordStore {
  readonly #thread: SqliteThread;
  readonly #server: string;
  readonly #sql: ReturnType<typeof createStatements>;
  readonly #prefix: string;
  readonly #details: StoredDetails;

  /** @param server an id of this opening of the database, which distinguishes its sessions from those of earlier ones */
  constructor(thread: SqliteThread, tablePrefix: string, server: string) {
    this.#thread = thread;
    this.#server = server;
    this.#sql = createStatements(tablePrefix);
    this.#prefix = tablePrefix;
    this.#details = new StoredDetails(tablePrefix);
  }

  async create(record: SessionRecord, key: string | null): Promise<SessionRecord> {
    const owner = JSON.stringify(record.owner);
    const creationKey = key === null ? null : JSON.stringify(key);
    const params = [
      record.id,
      owner,
      creationKey,
      JSON.stringify(record.config),
      this.#server,
      record.createdAt.getTime(),
      record.lastActivityAt.getTime(),
    ];
    const otherwise = { sql: this.#sql.ofKey, params: [owner, creationKey] };
    const [result] = await this.#thread.write([
      [
        { kind: 'guard', sql: this.#sql.create, params, otherwise },
        ...this.#details.writes(record.id, record.details),
      ],
    ]);
    const [known] = result?.rows ?? [];
    return known ? recordOf(known) : { ...structuredClone(record), epoch: 1, log: EMPTY_LOG };
  }

  async get(sessionId: string): Promise<SessionRecord | null> {
    const [row] = await this.#thread.read(this.#sql.get, [sessionId]);
    return row ? recordOf(row) : null;
  }

  async claim(sessionId: string): Promise<SessionRecord | null> {
    const [result] = await this.#thread.write([
      [
        { kind: 'guard', sql: this.#sql.claim, params: [randomEpoch(), this.#server, sessionId] },
        { kind: 'read', sql: this.#sql.get, params: [sessionId] },
      ],
    ]);
    return result?.rows[0] ? recordOf(result.rows[0]) : null;
  }

  async update(
    sessionId: string,
    epoch: number,
    { config, lastActivityAt }: SessionRecordPatch,
  ): Promise<void> {
    const params = [
      config ? JSON.stringify(config) : null,
      lastActivityAt?.getTime() ?? null,
      sessionId,
      epoch,
    ];
    // It does no harm when a power failure undoes an update of the activity.
    const mode = config ? 'write' : 'write-lazily';
    const unit: Unit = [{ kind: 'guard', sql: this.#sql.update, params }];
    const [result] = await this.#thread.write([unit], mode);
    if (!result?.isDone) throw new FencedError(sessionId);
  }

  list(
    caller: string,
    limit: number,
    cursor: RecordCursor | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    const position = cursor && { at: cursor.lastActivityAt, id: cursor.id };
    const options = this.#listing(caller, limit, filter);
    return this.#records(listingQuery('last_activity_at', position, options));
  }

  listCreated(
    caller: string,
    limit: number,
    cursor: CreationCursor | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    const position = cursor && { at: cursor.createdAt, id: cursor.id };
    return this.#records(
      listingQuery('created_at', position, this.#listing(caller, limit, filter)),
    );
  }

  listAll(
    limit: number,
    cursor: CreationCursor | null,
    filter: AllRecordsFilter = {},
  ): Promise<SessionRecord[]> {
    const position = cursor && { at: cursor.createdAt, id: cursor.id };
    const [prefix, server] = [this.#prefix, this.#server];
    return this.#records(allQuery(position, { prefix, columns: COLUMNS, server, limit, filter }));
  }

  usedSince(
    caller: string,
    since: Date,
    limit: number,
    after: string | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    return this.#records(usedSinceQuery(since, after, this.#listing(caller, limit, filter)));
  }

  async openRequests(
    caller: string,
    limit: number,
    cursor: RequestCursor | null,
  ): Promise<StoredRequest[]> {
    const { sql, params } = openRequestsQuery(this.#prefix, { caller, limit, cursor });
    return (await this.#thread.read(sql, params)).map(toStoredRequest);
  }

  async count(owner: string): Promise<number> {
    const [row] = await this.#thread.read(this.#sql.count, [JSON.stringify(owner)]);
    return Number(row?.['count']);
  }

  /** Only one server has the file open: the server of every session that it has not created or claimed is gone. */
  unfinished(limit: number, after: string | null): Promise<string[]> {
    return this.#ids(this.#sql.unfinished, [this.#server, after ?? '', limit]);
  }

  unusedSince(before: Date, limit: number): Promise<string[]> {
    return this.#ids(this.#sql.unusedSince, [before.getTime(), limit]);
  }

  emptySince(before: Date, limit: number): Promise<string[]> {
    return this.#ids(this.#sql.emptySince, [before.getTime(), limit]);
  }

  async delete(sessionId: string): Promise<void> {
    const deletions = [
      ...this.#sql.delete.map((sql) => ({ sql, params: [sessionId] })),
      ...this.#sql.deleteTranscripts.map((sql) => ({ sql, params: [JSON.stringify(sessionId)] })),
    ];
    await this.#thread.write([deletions.map((query) => ({ kind: 'write', ...query }))]);
  }

  #listing(caller: string, limit: number, filter: RecordFilter = {}): ListingOptions {
    const [prefix, server] = [this.#prefix, this.#server];
    return { prefix, columns: COLUMNS, server, caller, limit, filter };
  }

  async #records({ sql, params }: ListingQuery): Promise<SessionRecord[]> {
    return (await this.#thread.read(sql, params)).map(recordOf);
  }

  async #ids(sql: string, params: SqlValue[]): Promise<string[]> {
    return (await this.#thread.read(sql, params)).map(({ id }) => String(id));
  }
}

const COLUMNS =
  'id, owner, config, epoch, created_at, last_activity_at, first_seq, last_seq, cost_usd, generations, details';

function recordOf(row: Row): SessionRecord {
  const details = row['details'];
  return {
    id: String(row['id']),
    owner: JSON.parse(String(row['owner'])) as string,
    config: JSON.parse(String(row['config'])) as SessionConfig,
    epoch: Number(row['epoch']),
    createdAt: new Date(Number(row['created_at'])),
    lastActivityAt: new Date(Number(row['last_activity_at'])),
    log: {
      firstSeq: Number(row['first_seq']),
      lastSeq: Number(row['last_seq']),
      costUsd: Number(row['cost_usd']),
      generations: JSON.parse(String(row['generations'])) as Generation[],
    },
    ...(typeof details === 'string' && { details: JSON.parse(details) as SessionDetails }),
  };
}

function createStatements(prefix: string) {
  const session = `${prefix}session`;
  const keyOfSession = `(select key from ${session} where id = ?)`;
  return {
    create: `insert into ${session} (id, owner, creation_key, config, server, created_at,
        last_activity_at, epoch, first_seq, last_seq, cost_usd, is_unfinished)
      values (?, ?, ?, ?, ?, ?, ?, 1, 1, 0, 0, 0) on conflict (owner, creation_key) do nothing`,
    ofKey: `select ${COLUMNS} from ${session} where owner = ? and creation_key = ?`,
    get: `select ${COLUMNS} from ${session} where id = ?`,
    claim: `update ${session} set epoch = ?, server = ? where id = ?`,
    update: `update ${session} set config = coalesce(?, config),
      last_activity_at = coalesce(?, last_activity_at) where id = ? and epoch = ?`,
    count: `select count(*) as count from ${session} where owner = ?`,
    unfinished: `select id from ${session}
      where is_unfinished = 1 and server <> ? and id > ? order by id limit ?`,
    unusedSince: `select id from ${session} where last_activity_at < ?
      order by last_activity_at limit ?`,
    emptySince: `select id from ${session} where last_activity_at < ? and not exists (
        select 1 from ${prefix}event where session = ${session}.key
        and name in (${CONVERSATION_EVENTS.map((name) => `'${name}'`).join(', ')})
      ) order by last_activity_at limit ?`,
    delete: [
      `delete from ${prefix}event where session = ${keyOfSession}`,
      `delete from ${prefix}accepted_key where session = ${keyOfSession}`,
      `delete from ${prefix}open_request where session_id = ?`,
      `delete from ${prefix}metadata_term where session_id = ?`,
      `delete from ${prefix}session_member where session_id = ?`,
      `delete from ${session} where id = ?`,
    ],
    deleteTranscripts: [
      `delete from ${prefix}transcript_entry where transcript in
        (select key from ${prefix}transcript where session_id = ?)`,
      `delete from ${prefix}transcript where session_id = ?`,
    ],
  };
}
