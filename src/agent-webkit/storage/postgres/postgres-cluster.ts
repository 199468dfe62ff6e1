import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type {
  ClusterServer,
  ClusterStore,
  ForwardedReply,
  ForwardedRequest,
  Renewal,
  SessionPosition,
} from '../../engine/cluster.js';
import { countCreation } from './creation-rate.js';
import type { Database } from './database.js';
import { liveServer } from './lease-sql.js';
import { Mailbox } from './mailbox.js';
import { type RenewalRow, renewStatement } from './renew-statement.js';
import { decodeText, encodeText } from './text.js';

const MESSAGE_KEY_BYTES = 32;

/** The leases, messages and counts of the servers that share a database. */
export class PostgresCluster implements ClusterStore {
  readonly address: string;
  readonly leaseMs: number;
  readonly #database: Database;
  readonly #schema: string;
  readonly #mailbox: Mailbox;
  readonly #renewStatement: string;

  /** @param schema the quoted name of the schema */
  constructor(
    database: Database,
    schema: string,
    { address, leaseMs }: { address: string; leaseMs: number },
  ) {
    this.address = address;
    this.leaseMs = leaseMs;
    this.#database = database;
    this.#schema = schema;
    this.#mailbox = new Mailbox(database, schema, address);
    this.#renewStatement = renewStatement(schema);
  }

  messageKey(): Promise<Uint8Array> {
    const table = `${this.#schema}.message_key`;
    return this.#database.transaction(async (query) => {
      const made = randomBytes(MESSAGE_KEY_BYTES).toString('hex');
      await query(`insert into ${table} (key) values ($1) on conflict do nothing`, [made]);
      const [row] = await query<{ key: string }>(`select key from ${table}`);
      return Buffer.from(row?.key ?? '', 'hex');
    });
  }

  async renew({
    freeAgents,
    isDraining,
  }: Pick<ClusterServer, 'freeAgents' | 'isDraining'>): Promise<Renewal> {
    const [row] = await this.#database.query<RenewalRow>(this.#renewStatement, [
      this.address,
      this.leaseMs,
      freeAgents,
      isDraining,
    ]);
    return {
      wasValid: row?.was_valid === 't',
      others: JSON.parse(row?.others ?? '[]') as ClusterServer[],
      hasOrphans: row?.has_orphans === 't',
      nextLapseMs: row?.next_lapse_ms == null ? null : Number(row.next_lapse_ms),
    };
  }

  /** Leaves the row, because sessions that were not released have its address. */
  async leave(): Promise<void> {
    await this.#database.query(
      `insert into ${this.#schema}.server as mine
         (address, lease_ms, lease_until, continuous_since, free_agents, is_draining, has_left)
       select $1, $2::int, t, t, 0, true, true from (select clock_timestamp() as t) as now
       on conflict (address) do update
       set has_left = true, is_draining = true, free_agents = 0,
         lease_until = least(mine.lease_until, excluded.lease_until)`,
      [this.address, this.leaseMs],
    );
  }

  async release(sessionId: string, epoch: number): Promise<void> {
    await this.#database.query(
      `update ${this.#schema}.session set server = null
       where id = $1 and epoch = $2 and server = $3`,
      [encodeText(sessionId), epoch, this.address],
    );
  }

  post(request: ForwardedRequest, to: string): Promise<void> {
    return this.#mailbox.post(request, to);
  }

  requests(known: readonly string[]): Promise<ForwardedRequest[]> {
    return this.#mailbox.requests(known);
  }

  reply(reply: ForwardedReply): Promise<void> {
    return this.#mailbox.reply(reply);
  }

  replies(requestIds: readonly string[]): Promise<ForwardedReply[]> {
    return this.#mailbox.replies(requestIds);
  }

  withdraw(requestId: string): Promise<void> {
    return this.#mailbox.withdraw(requestId);
  }

  async positions(sessionIds: readonly string[]): Promise<SessionPosition[]> {
    const rows = await this.#database.query<{
      id: string;
      epoch: string;
      last_seq: string;
      server: string | null;
    }>(
      `select id, epoch, last_seq, ${liveServer(this.#schema)} as server
       from ${this.#schema}.session where id = any ($1::text[])`,
      [sessionIds.map(encodeText)],
    );
    return rows.map((row) => ({
      sessionId: decodeText(row.id),
      epoch: Number(row.epoch),
      lastSeq: Number(row.last_seq),
      server: row.server,
    }));
  }

  async setSubscribers(counts: ReadonlyMap<string, number>): Promise<void> {
    await this.#database.query(
      `with given as (
         select * from unnest($2::text[], $3::int[]) as given (session_id, count)
       ), removed as (
         delete from ${this.#schema}.subscriber using given
         where server = $1 and subscriber.session_id = given.session_id and given.count = 0
       )
       insert into ${this.#schema}.subscriber (server, session_id, count)
       select server.address, given.session_id, given.count
       from given
       join ${this.#schema}.server on server.address = $1
       join ${this.#schema}.session on session.id = given.session_id
       where given.count > 0
       on conflict (server, session_id) do update set count = excluded.count`,
      [this.address, [...counts.keys()].map(encodeText), [...counts.values()]],
    );
  }

  async subscribersElsewhere(sessionIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.query<{ session_id: string; count: string }>(
      `select session_id, sum(count) as count from ${this.#schema}.subscriber
       join ${this.#schema}.server on server.address = subscriber.server
       where session_id = any ($1::text[]) and address <> $2 and lease_until > clock_timestamp()
       group by session_id`,
      [sessionIds.map(encodeText), this.address],
    );
    return new Map(rows.map((row) => [decodeText(row.session_id), Number(row.count)]));
  }

  countCreation(owner: string, limit: number): Promise<number | null> {
    return countCreation(this.#database, this.#schema, { owner, limit });
  }
}

/** Returns an address for this start of the process, with the name of its host for people. */
export function createAddress(): string {
  const host = hostname()
    .replaceAll(/[^a-zA-Z0-9]+/g, '-')
    .slice(0, 23);
  return `${host}-${randomBytes(8).toString('hex')}`;
}
