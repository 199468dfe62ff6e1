import {
  type DueNotification,
  MAX_DEFERRAL_MS,
  type NotificationOutbox,
} from '../../engine/notification-outbox.js';
import type { Database } from './database.js';
import { decodeText, encodeText } from './text.js';

/** Stores notifications in PostgreSQL. Each is claimed by one of the servers that share the database, by its clock. */
export class PostgresOutbox implements NotificationOutbox {
  readonly #database: Database;
  readonly #table: string;

  /** @param schema the quoted name of the schema */
  constructor(database: Database, schema: string) {
    this.#database = database;
    this.#table = `${schema}.notification`;
  }

  async claim(limit: number, claimMs: number): Promise<DueNotification[]> {
    const rows = await this.#database.query<{ id: string; body: string; attempts: string }>(
      `with due as (
         select key from ${this.#table}
         where due_at <= now() or due_at > now() + interval '${MAX_DEFERRAL_MS} milliseconds'
         order by due_at, key limit $1 for update skip locked
       )
       update ${this.#table} as claimed
       set attempts = attempts + 1, due_at = now() + $2 * interval '1 millisecond'
       from due where claimed.key = due.key
       returning claimed.id, claimed.body, claimed.attempts`,
      [limit, claimMs],
    );
    return rows.map(({ id, body, attempts }) => ({
      id: decodeText(id),
      body: decodeText(body),
      attempts: Number(attempts),
    }));
  }

  async defer(id: string, delayMs: number): Promise<void> {
    await this.#database.query(
      `update ${this.#table} set due_at = now() + $2 * interval '1 millisecond' where id = $1`,
      [encodeText(id), delayMs],
    );
  }

  async remove(id: string): Promise<void> {
    await this.#database.query(`delete from ${this.#table} where id = $1`, [encodeText(id)]);
  }

  async trim(max: number): Promise<number> {
    const removed = await this.#database.query(
      `delete from ${this.#table}
       where key <= (select key from ${this.#table} order by key desc offset $1 limit 1)
       returning key`,
      [max],
    );
    return removed.length;
  }
}
