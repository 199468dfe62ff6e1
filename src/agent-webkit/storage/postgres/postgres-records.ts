import {
  type AllRecordsFilter,
  type RecordFilter,
  searchedDetails,
} from '../../engine/record-filter.js';
import {
  CONVERSATION_EVENTS,
  type CreationCursor,
  FencedError,
  OwnedElsewhereError,
  randomEpoch,
  type RecordCursor,
  type RequestCursor,
  type SessionRecord,
  type SessionRecordPatch,
  type SessionRecordStore,
  type StoredRequest,
} from '../../engine/storage.js';
import { type ClaimRow, claimStatement } from './claim-statement.js';
import type { Database } from './database.js';
import { CLOCK, goneServers, isFree, thisServer } from './lease-sql.js';
import {
  allQuery,
  type ListingOptions,
  type ListingQuery,
  listingQuery,
  usedSinceQuery,
} from './listing-query.js';
import { memberDigests } from './member-digests.js';
import { PostgresError } from './postgres-error.js';
import { recordColumns, type RecordRow, toRecord } from './record-row.js';
import { openRequestsQuery, type RequestRow, toStoredRequest } from './request-row.js';
import { decodeText, digest, encodeText } from './text.js';
import { asStorable } from './unstorable.js';

/** The number of retries of a creation whose key belonged to a session that was deleted at that moment. */
const MAX_CREATION_TRIES = 3;
/** The number of retries of a claim whose session changed at that moment. */
const MAX_CLAIM_TRIES = 100;

/** Stores session records in PostgreSQL. */
export class PostgresRecords implements SessionRecordStore {
  readonly #database: Database;
  readonly #schema: string;
  /** The address of this server. */
  readonly #address: string;
  readonly #columns: string;
  readonly #claimStatement: string;

  /** @param schema the quoted name of the schema */
  constructor(database: Database, schema: string, address: string) {
    this.#database = database;
    this.#schema = schema;
    this.#address = address;
    this.#columns = recordColumns(schema);
    this.#claimStatement = claimStatement(schema);
  }

  async create(record: SessionRecord, key: string | null): Promise<SessionRecord> {
    const [id, owner] = [encodeText(record.id), encodeText(record.owner)];
    const creation = key === null ? null : digest(key);
    const config = JSON.stringify(record.config);
    const [createdAt, lastActivityAt] = [timeOf(record.createdAt), timeOf(record.lastActivityAt)];
    const details = record.details ? JSON.stringify(record.details) : null;
    const searched = searchedDetails(record.details);
    const { archived, title, terms } = searched;
    const digests = terms.length > 0 ? terms.map(digest) : null;
    const members = memberDigests(searched);
    for (let tries = 0; tries < MAX_CREATION_TRIES; tries += 1) {
      /* oxlint-disable no-await-in-loop -- each try depends on the one before */
      const creating = this.#records(
        `insert into ${this.#schema}.session
           (id, owner, creation_digest, config, epoch, server, created_at, last_activity_at,
            details, archived, searched_title, metadata_digests, member_digests)
         values ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict do nothing returning ${this.#columns}`,
        // prettier-ignore
        [id, owner, creation, config, this.#address, createdAt, lastActivityAt, details, archived, title, digests, members],
      );
      const created = await asStorable(creating);
      if (created[0]) return created[0];
      // The id exists already when this creation is repeated after its response was lost.
      const [known] = await this.#records(
        `select ${this.#columns} from ${this.#schema}.session
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
      `select ${this.#columns} from ${this.#schema}.session where id = $1`,
      [encodeText(sessionId)],
    );
    return record ?? null;
  }

  async claim(sessionId: string): Promise<SessionRecord | null> {
    for (let tries = 0; tries < MAX_CLAIM_TRIES; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop -- each try sees what has changed since the one before
      const [row] = await this.#database.query<ClaimRow>(this.#claimStatement, [
        encodeText(sessionId),
        this.#address,
        randomEpoch(),
      ]);
      if (!row) return null;
      if (row.id !== null) {
        const { claimed_from: from } = row;
        const isOthers = from !== null && from !== this.#address;
        return { ...toRecord(row as RecordRow), ...(isOthers && { takenFrom: from }) };
      }
      if (row.is_permitted === 'f')
        throw new OwnedElsewhereError(sessionId, row.claimed_from ?? '');
    }
    throw new PostgresError(`The session ${sessionId} changes too often to take it over.`);
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

  list(
    caller: string,
    limit: number,
    cursor: RecordCursor | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    const position = cursor && { at: cursor.lastActivityAt, id: cursor.id };
    const options = this.#listing(caller, limit, filter);
    return this.#listed(listingQuery('last_activity_at', position, options));
  }

  listCreated(
    caller: string,
    limit: number,
    cursor: CreationCursor | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    const position = cursor && { at: cursor.createdAt, id: cursor.id };
    return this.#listed(listingQuery('created_at', position, this.#listing(caller, limit, filter)));
  }

  listAll(
    limit: number,
    cursor: CreationCursor | null,
    filter: AllRecordsFilter = {},
  ): Promise<SessionRecord[]> {
    const position = cursor && { at: cursor.createdAt, id: cursor.id };
    const [schema, columns] = [this.#schema, this.#columns];
    return this.#listed(allQuery(position, { schema, columns, limit, filter }));
  }

  usedSince(
    caller: string,
    since: Date,
    limit: number,
    after: string | null,
    filter?: RecordFilter,
  ): Promise<SessionRecord[]> {
    return this.#listed(usedSinceQuery(since, after, this.#listing(caller, limit, filter)));
  }

  async openRequests(
    caller: string,
    limit: number,
    cursor: RequestCursor | null,
  ): Promise<StoredRequest[]> {
    const { text, values } = openRequestsQuery(this.#schema, { caller, limit, cursor });
    return (await this.#database.query<RequestRow>(text, values)).map(toStoredRequest);
  }

  async count(owner: string): Promise<number> {
    const [row] = await this.#database.query<{ count: string }>(
      `select count(*) as count from ${this.#schema}.session where owner = $1`,
      [encodeText(owner)],
    );
    return Number(row?.count);
  }

  unfinished(limit: number, after: string | null): Promise<string[]> {
    return this.#ids(
      `${this.#servers('$3')} select id from ${this.#schema}.session
       where is_unfinished and id > $2 and ${isFree(this.#schema, '$3')}
       order by id limit $1`,
      [limit, encodeText(after ?? ''), this.#address],
    );
  }

  unusedSince(before: Date, limit: number): Promise<string[]> {
    return this.#ids(
      `${this.#servers('$3')} select id from ${this.#schema}.session
       where last_activity_at < $1 and (server = $3 or ${isFree(this.#schema, '$3')})
       order by last_activity_at limit $2`,
      [timeOf(before), limit, this.#address],
    );
  }

  emptySince(before: Date, limit: number): Promise<string[]> {
    // By a subquery with a limit, which is answered by index for each session: PostgreSQL would join the whole table of events.
    return this.#ids(
      `${this.#servers('$3')} select id from ${this.#schema}.session
       where last_activity_at < $1 and (server = $3 or ${isFree(this.#schema, '$3')})
       and (select 1 from ${this.#schema}.event
         where event.session = session.key and event.name = any($4) limit 1) is null
       and not exists (select from ${this.#schema}.subscriber
         join ${this.#schema}.server on server.address = subscriber.server, clock
         where subscriber.session_id = session.id and lease_until > t)
       order by last_activity_at limit $2`,
      [timeOf(before), limit, this.#address, [...CONVERSATION_EVENTS]],
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

  #listing(caller: string, limit: number, filter: RecordFilter = {}): ListingOptions {
    return { schema: this.#schema, columns: this.#columns, caller, limit, filter };
  }

  #listed({ text, values }: ListingQuery): Promise<SessionRecord[]> {
    return this.#records(text, values);
  }

  async #records(text: string, values: unknown[]): Promise<SessionRecord[]> {
    const rows = await this.#database.query<RecordRow>(text, values);
    return rows.map(toRecord);
  }

  #servers(address: string): string {
    return `with ${CLOCK}, ${thisServer(this.#schema, address)}, ${goneServers(this.#schema)}`;
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
