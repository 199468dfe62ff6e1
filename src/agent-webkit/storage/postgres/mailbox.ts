import type { ForwardedReply, ForwardedRequest } from '../../engine/cluster.js';
import type { Database } from './database.js';
import { PostgresError } from './postgres-error.js';
import { decodeText, encodeText } from './text.js';
import { asStorable } from './unstorable.js';

/** The maximum number of requests that wait for one server. */
const MAX_WAITING = 1000;
/** The maximum number of requests, and of bytes unless there is only one, that are read together. */
const MAX_READ = 100;
const MAX_READ_BYTES = 16_000_000;

type Row = Readonly<Record<'id' | 'sender' | 'body', string>>;

/** Stores the requests that the servers of a database send each other, and the replies to them. */
export class Mailbox {
  readonly #database: Database;
  readonly #table: string;
  /** The address of this server. */
  readonly #address: string;

  /** @param schema the quoted name of the schema */
  constructor(database: Database, schema: string, address: string) {
    this.#database = database;
    this.#table = `${schema}.forwarded_request`;
    this.#address = address;
  }

  /** @throws PostgresError when too many requests wait for the server */
  async post({ id, from, body }: ForwardedRequest, to: string): Promise<void> {
    const posting = this.#database.query<{ waiting: string }>(
      `with waiting as (
         select count(*) as count from (
           select from ${this.#table} where recipient = $3 and reply is null limit ${MAX_WAITING}
         ) as request
       ), posted as (
         insert into ${this.#table} (id, sender, recipient, body, created_at)
         select $1::uuid, $2, $3, $4, clock_timestamp() from waiting where count < ${MAX_WAITING}
         on conflict (id) do nothing
       )
       select count as waiting from waiting`,
      [id, from, to, encodeText(body)],
    );
    const [row] = await asStorable(posting);
    if (Number(row?.waiting) < MAX_WAITING) return;
    throw new PostgresError(`The server ${to} has ${MAX_WAITING} requests of other servers.`);
  }

  async requests(known: readonly string[]): Promise<ForwardedRequest[]> {
    const rows = await this.#database.query<Row>(
      `select id, sender, body from (
         select *, sum(octet_length(body)) over (order by created_at, id) as bytes,
           row_number() over (order by created_at, id) as place
         from (
           select id, sender, body, created_at from ${this.#table}
           where recipient = $1 and reply is null and id <> all ($2::uuid[])
           order by created_at, id limit ${MAX_READ}
         ) as oldest
       ) as request
       where bytes <= ${MAX_READ_BYTES} or place = 1 order by place`,
      [this.#address, [...known]],
    );
    return rows.map(({ id, sender, body }) => ({ id, from: sender, body: decodeText(body) }));
  }

  async reply({ id, body }: ForwardedReply): Promise<void> {
    const replying = this.#database.query(
      `update ${this.#table} set reply = $3
       where id = $1::uuid and recipient = $2 and reply is null`,
      [id, this.#address, encodeText(body)],
    );
    await asStorable(replying);
  }

  async replies(requestIds: readonly string[]): Promise<ForwardedReply[]> {
    const rows = await this.#database.query<{ id: string; reply: string }>(
      `delete from ${this.#table}
       where id = any ($1::uuid[]) and sender = $2 and reply is not null returning id, reply`,
      [[...requestIds], this.#address],
    );
    return rows.map(({ id, reply }) => ({ id, body: decodeText(reply) }));
  }

  async withdraw(requestId: string): Promise<void> {
    await this.#database.query(`delete from ${this.#table} where id = $1::uuid and sender = $2`, [
      requestId,
      this.#address,
    ]);
  }
}
