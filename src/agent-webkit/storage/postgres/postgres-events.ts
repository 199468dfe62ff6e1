import type { SessionEvent } from '../../engine/session-event.js';
import {
  type EventAppend,
  type EventStore,
  FencedError,
  IDEMPOTENCY_KEY_TTL_MS,
} from '../../engine/storage.js';
import { AppendGroups, type AppendOutcome, writeIsolated } from '../append-groups.js';
import {
  appendStatement,
  appendValues,
  firstSeqOf,
  partsOf,
  splitGroup,
} from './append-statement.js';
import type { Database } from './database.js';
import { asStorable } from './unstorable.js';
import { decodeText, digest, encodeText } from './text.js';

const KEY_AGE = `interval '${IDEMPOTENCY_KEY_TTL_MS} milliseconds'`;

/** Stores events in PostgreSQL. */
export class PostgresEvents implements EventStore {
  readonly #database: Database;
  readonly #schema: string;
  readonly #groups = new AppendGroups((group) => this.#writeGroup(group));

  /** @param schema the quoted name of the schema */
  constructor(database: Database, schema: string) {
    this.#database = database;
    this.#schema = schema;
  }

  append(append: EventAppend): Promise<void> {
    return this.#groups.commit(append);
  }

  /** Resolves when no append is in progress. */
  settled(): Promise<void> {
    return this.#groups.settled();
  }

  async read(sessionId: string, after: number, limit: number): Promise<SessionEvent[]> {
    const rows = await this.#database.query<{ seq: string; name: string; data: string }>(
      `select seq, name, data from ${this.#schema}.event
       where session = (select key from ${this.#schema}.session where id = $1) and seq > $2
       order by seq limit $3`,
      [encodeText(sessionId), after, limit],
    );
    return rows.map(({ seq, name, data }) => ({
      seq: Number(seq),
      name: decodeText(name),
      data: decodeText(data),
    }));
  }

  async hasKey(sessionId: string, key: string): Promise<boolean> {
    const rows = await this.#database.query(
      `select 1 from ${this.#schema}.accepted_key
       where session = (select key from ${this.#schema}.session where id = $1)
         and digest = $2 and accepted_at > now() - ${KEY_AGE}`,
      [encodeText(sessionId), digest(key)],
    );
    return rows.length > 0;
  }

  async trim(sessionId: string, firstSeq: number, keep: readonly number[]): Promise<void> {
    await this.#database.query(
      `with trimmed as (
         select key from ${this.#schema}.session where id = $1
       ), old_keys as (
         delete from ${this.#schema}.accepted_key using trimmed
         where session = trimmed.key and accepted_at <= now() - ${KEY_AGE}
       )
       delete from ${this.#schema}.event using trimmed
       where session = trimmed.key and seq < $2 and seq <> all ($3::int[])`,
      [encodeText(sessionId), firstSeq, [...keep]],
    );
  }

  async #writeGroup(group: readonly EventAppend[]): Promise<AppendOutcome[]> {
    const outcomes: AppendOutcome[] = [];
    for (const part of splitGroup(group)) {
      // oxlint-disable-next-line no-await-in-loop -- a session may be in more than one part
      outcomes.push(...(await writeIsolated(part, (appends) => this.#write(appends))));
    }
    return outcomes;
  }

  async #write(appends: readonly EventAppend[]): Promise<AppendOutcome[]> {
    const parts = partsOf(appends);
    const rows = await asStorable(
      this.#database.query<{ place: string }>(
        appendStatement(this.#schema, parts),
        appendValues(appends, parts),
      ),
    );
    const stored = new Set(rows.map(({ place }) => Number(place)));
    if (stored.size === appends.length) return appends.map(() => null);
    const explain = await this.#explainer(appends.filter((_, place) => !stored.has(place)));
    return appends.map((append, place) => (stored.has(place) ? null : explain(append)));
  }

  /** Looks up the reasons why appends were omitted. */
  async #explainer(
    refused: readonly EventAppend[],
  ): Promise<(append: EventAppend) => AppendOutcome> {
    const rows = await this.#database.query<{ id: string; epoch: string; last_seq: string }>(
      `select id, epoch, last_seq from ${this.#schema}.session where id = any ($1::text[])`,
      [refused.map(({ sessionId }) => encodeText(sessionId))],
    );
    const sessions = new Map(rows.map((row) => [row.id, row]));
    return (append) => {
      const session = sessions.get(encodeText(append.sessionId));
      if (!session || Number(session.epoch) !== append.epoch) {
        return new FencedError(append.sessionId);
      }
      return new RangeError(`Event ${firstSeqOf(append)} does not follow ${session.last_seq}.`);
    };
  }
}
