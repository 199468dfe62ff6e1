import {
  CONVERSATION_EVENTS,
  FencedError,
  type Generation,
  randomEpoch,
  type RecordCursor,
  type SessionRecord,
  type SessionRecordPatch,
  type SessionRecordStore,
} from '../../engine/storage.js';
import type { Database } from './database.js';
import { PostgresError } from './postgres-error.js';
import type { ServerLock } from './server-lock.js';
import { decodeText, digest, encodeText } from './text.js';
import { asStorable } from './unstorable.js';

const COLUMNS = `id, owner, config, epoch, first_seq, last_seq, cost_usd, generations,
  round(extract(epoch from created_at) * 1000) as created_ms,
  round(extract(epoch from last_activity_at) * 1000) as last_activity_ms`;

type RecordRow = Readonly<
  Record<
    | 'id'
    | 'owner'
    | 'config'
    | 'epoch'
    | 'first_seq'
    | 'last_seq'
    | 'cost_usd'
    | 'generations'
    | 'created_ms'
    | 'last_activity_ms',
    string
  >
>;

/** The running servers, by their locks. The lock of a bigint is listed as two halves, with objsubid 1. */
const LIVING = `with living as materialized (
    select (classid::bigint << 32) | objid::bigint as server from pg_locks
    where locktype = 'advisory' and objsubid = 1 and granted
      and database = (select oid from pg_database where datname = current_database())
  )`;

/** The number of retries of a creation whose key belonged to a session that was deleted at that moment. */
const MAX_CREATION_TRIES = 3;

/** Stores session records in PostgreSQL. */
export class PostgresRecords implements SessionRecordStore {
  readonly #database: Database;
  readonly #schema: string;
  readonly #lock: ServerLock;

  /** @param schema the quoted name of the schema */
  constructor(database: Database, schema: string, lock: ServerLock) {
    this.#database = database;
    this.#schema = schema;
    this.#lock = lock;
  }

  async create(record: SessionRecord, key: string | null): Promise<SessionRecord> {
    const [id, owner] = [encodeText(record.id), encodeText(record.owner)];
    const creation = key === null ? null : digest(key);
    const config = JSON.stringify(record.config);
    const [createdAt, lastActivityAt] = [timeOf(record.createdAt), timeOf(record.lastActivityAt)];
    for (let tries = 0; tries < MAX_CREATION_TRIES; tries += 1) {
      /* oxlint-disable no-await-in-loop -- each try depends on the one before */
      const creating = this.#records(
        `insert into ${this.#schema}.session
           (id, owner, creation_digest, config, epoch, server, created_at, last_activity_at)
         values ($1, $2, $3, $4, 1, $5, $6, $7)
         on conflict do nothing returning ${COLUMNS}`,
        [id, owner, creation, config, this.#lock.number, createdAt, lastActivityAt],
      );
      const created = await asStorable(creating);
      if (created[0]) return created[0];
      // The id exists already when this creation is repeated after its response was lost.
      const [known] = await this.#records(
        `select ${COLUMNS} from ${this.#schema}.session
         where owner = $2 and (id = $1 or creation_digest = $3)`,
        [id, owner, creation],
      );
      if (known) return known;
      /* oxlint-enable no-await-in-loop */
    }
    throw new PostgresError(`The session id ${record.id} exists already for another owner.`);
  }

  async get(sessionId: string): Promise<SessionRecord | null> {
    const [record] = await this.#records(
      `select ${COLUMNS} from ${this.#schema}.session where id = $1`,
      [encodeText(sessionId)],
    );
    return record ?? null;
  }

  async claim(sessionId: string): Promise<SessionRecord | null> {
    const [record] = await this.#records(
      `update ${this.#schema}.session set epoch = $3, server = $2
       where id = $1 returning ${COLUMNS}`,
      [encodeText(sessionId), this.#lock.number, randomEpoch()],
    );
    return record ?? null;
  }

  async update(
    sessionId: string,
    epoch: number,
    { config, lastActivityAt }: SessionRecordPatch,
  ): Promise<void> {
    const updating = this.#database.query(
      `update ${this.#schema}.session
       set config = coalesce($2, config),
           last_activity_at = coalesce($3::timestamptz, last_activity_at)
       where id = $1 and epoch = $4 returning id`,
      [
        encodeText(sessionId),
        config ? JSON.stringify(config) : null,
        lastActivityAt ? timeOf(lastActivityAt) : null,
        epoch,
      ],
    );
    if ((await asStorable(updating)).length === 0) throw new FencedError(sessionId);
  }

  list(owner: string, limit: number, cursor: RecordCursor | null): Promise<SessionRecord[]> {
    const after = cursor ? [timeOf(cursor.lastActivityAt), encodeText(cursor.id)] : [null, null];
    return this.#records(
      `select ${COLUMNS} from ${this.#schema}.session
       where owner = $1 and ($3::timestamptz is null or (
         last_activity_at <= $3 and (last_activity_at < $3 or id > $4)
       ))
       order by last_activity_at desc, id limit $2`,
      [encodeText(owner), limit, ...after],
    );
  }

  usedSince(
    owner: string,
    since: Date,
    limit: number,
    after: string | null,
  ): Promise<SessionRecord[]> {
    return this.#records(
      `select ${COLUMNS} from ${this.#schema}.session
       where owner = $1 and last_activity_at >= $2 and id > $3 order by id limit $4`,
      [encodeText(owner), timeOf(since), encodeText(after ?? ''), limit],
    );
  }

  async count(owner: string): Promise<number> {
    const [row] = await this.#database.query<{ count: string }>(
      `select count(*) as count from ${this.#schema}.session where owner = $1`,
      [encodeText(owner)],
    );
    return Number(row?.count);
  }

  /** @throws PostgresError without the server lock, when others may claim the sessions of this server */
  async unfinished(limit: number, after: string | null): Promise<string[]> {
    if (!this.#lock.isHeld) {
      throw new PostgresError('The connection that holds the server lock is lost. Reconnecting.');
    }
    return this.#ids(
      `${LIVING} select id from ${this.#schema}.session
       where is_unfinished and id > $2 and server not in (select server from living)
       order by id limit $1`,
      [limit, encodeText(after ?? '')],
    );
  }

  async unusedSince(before: Date, limit: number): Promise<string[]> {
    return this.#ids(
      `${LIVING} select id from ${this.#schema}.session
       where last_activity_at < $1 and (server = $3 or server not in (select server from living))
       order by last_activity_at limit $2`,
      [timeOf(before), limit, this.#lock.number],
    );
  }

  async emptySince(before: Date, limit: number): Promise<string[]> {
    // By a subquery with a limit, which is answered by index for each session: PostgreSQL would join the whole table of events.
    return this.#ids(
      `${LIVING} select id from ${this.#schema}.session
       where last_activity_at < $1 and (server = $3 or server not in (select server from living))
       and (select 1 from ${this.#schema}.event
         where event.session = session.key and event.name = any($4) limit 1) is null
       order by last_activity_at limit $2`,
      [timeOf(before), limit, this.#lock.number, [...CONVERSATION_EVENTS]],
    );
  }

  async delete(sessionId: string): Promise<void> {
    const id = encodeText(sessionId);
    await this.#database.transaction(async (query) => {
      // First, so that it waits for an append in progress, and a later append finds no session.
      const [gone] = await query<{ key: string }>(
        `delete from ${this.#schema}.session where id = $1 returning key`,
        [id],
      );
      if (gone) {
        await query(`delete from ${this.#schema}.event where session = $1`, [gone.key]);
        await query(`delete from ${this.#schema}.accepted_key where session = $1`, [gone.key]);
      }
      await query(`delete from ${this.#schema}.transcript where session_id = $1`, [id]);
    });
  }

  async #records(text: string, values: unknown[]): Promise<SessionRecord[]> {
    const rows = await this.#database.query<RecordRow>(text, values);
    return rows.map((row) => ({
      id: decodeText(row.id),
      owner: decodeText(row.owner),
      config: JSON.parse(row.config) as SessionRecord['config'],
      epoch: Number(row.epoch),
      createdAt: new Date(Number(row.created_ms)),
      lastActivityAt: new Date(Number(row.last_activity_ms)),
      log: {
        firstSeq: Number(row.first_seq),
        lastSeq: Number(row.last_seq),
        costUsd: Number(row.cost_usd),
        generations: JSON.parse(row.generations) as Generation[],
      },
    }));
  }

  async #ids(text: string, values: unknown[]): Promise<string[]> {
    const rows = await this.#database.query<{ id: string }>(text, values);
    return rows.map(({ id }) => decodeText(id));
  }
}

/** Formats a date so that PostgreSQL reads it the same in any time zone and date style. */
function timeOf(date: Date): string {
  return date.toISOString();
}
