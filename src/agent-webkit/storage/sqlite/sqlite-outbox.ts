import {
  type DueNotification,
  MAX_DEFERRAL_MS,
  type NewNotification,
  type NotificationOutbox,
} from '../../engine/notification-outbox.js';
import type { SqliteThread } from './sqlite-thread.js';
import type { Step, UnitResult } from './thread-protocol.js';

/**
 * Stores notifications in a SQLite database. Only appends wait for the disk: a power failure that undoes
 * another write repeats a delivery.
 */
export class SqliteOutbox implements NotificationOutbox {
  readonly #thread: SqliteThread;
  readonly #sql: ReturnType<typeof createStatements>;

  constructor(thread: SqliteThread, tablePrefix: string) {
    this.#thread = thread;
    this.#sql = createStatements(tablePrefix);
  }

  /** Returns the steps by which an append adds notifications. They run before the session's last seq is raised. */
  additions(sessionId: string, notifications: readonly NewNotification[] = []): Step[] {
    return notifications.map(({ id, seq, body }) => ({
      kind: 'write',
      sql: this.#sql.insert,
      params: [id, body, Date.now(), sessionId, seq],
    }));
  }

  async claim(limit: number, claimMs: number): Promise<DueNotification[]> {
    const now = Date.now();
    const params = [now + claimMs, now, now + MAX_DEFERRAL_MS, limit];
    const { rows } = await this.#write({ kind: 'read', sql: this.#sql.claim, params });
    return rows.map(({ id, body, attempts }) => ({
      id: String(id),
      body: String(body),
      attempts: Number(attempts),
    }));
  }

  async defer(id: string, delayMs: number): Promise<void> {
    await this.#write({ kind: 'write', sql: this.#sql.defer, params: [Date.now() + delayMs, id] });
  }

  async remove(id: string): Promise<void> {
    await this.#write({ kind: 'write', sql: this.#sql.remove, params: [id] });
  }

  async trim(max: number): Promise<number> {
    const { rows } = await this.#write({ kind: 'read', sql: this.#sql.trim, params: [max] });
    return rows.length;
  }

  async #write(step: Step): Promise<UnitResult> {
    const [result] = await this.#thread.write([[step]], 'write-lazily');
    return result ?? { isDone: false, rows: [] };
  }
}

function createStatements(prefix: string) {
  const table = `${prefix}notification`;
  return {
    // Only about new events: an append may be repeated after its notifications were delivered.
    insert: `insert into ${table} (id, body, attempts, due_at)
      select ?, ?, 0, ? from ${prefix}session where id = ? and last_seq < ?
      on conflict do nothing`,
    claim: `update ${table} set attempts = attempts + 1, due_at = ?
      where key in (select key from ${table} where due_at <= ? or due_at > ? order by due_at, key limit ?)
      returning id, body, attempts`,
    defer: `update ${table} set due_at = ? where id = ?`,
    remove: `delete from ${table} where id = ?`,
    trim: `delete from ${table}
      where key <= (select key from ${table} order by key desc limit 1 offset ?) returning key`,
  };
}
