import type {
  SessionKey,
  SessionStoreEntry,
  SessionSummaryEntry,
} from '@anthropic-ai/claude-agent-sdk';
import { FencedError, type TranscriptStore } from '../../engine/storage.js';
import type { Database, Query } from './database.js';
import { KeyedQueue } from '../keyed-queue.js';
import { decodeText, encodeText } from './text.js';
import { asStorable } from './unstorable.js';

/** The locked row of a transcript. */
interface Opened {
  readonly key: string;
  readonly mtime: string;
  readonly summary: string | null;
  /** The position after which the new entries are numbered. */
  readonly base: string;
}

/** Stores the transcripts of agents in PostgreSQL, an entry with a uuid only once. */
export class PostgresTranscripts implements Required<TranscriptStore> {
  readonly #database: Database;
  readonly #schema: string;
  /** The SDK requires that entries are stored in the order of its calls. */
  readonly #queue = new KeyedQueue();

  /** @param schema the quoted name of the schema */
  constructor(database: Database, schema: string) {
    this.#database = database;
    this.#schema = schema;
  }

  append(key: SessionKey, entries: SessionStoreEntry[], epoch?: number): Promise<void> {
    const texts = entries.map((entry) => JSON.stringify(entry));
    return this.#queue.run(nameOf(key), () => this.#append({ ...key }, texts, epoch));
  }

  async load(key: SessionKey): Promise<SessionStoreEntry[] | null> {
    const rows = await this.#database.query<{ entry: string | null }>(
      `select entry from ${this.#schema}.transcript
       left join ${this.#schema}.transcript_entry on transcript_entry.transcript = transcript.key
       where session_id = $1 and project_key = $2 and subpath = $3 order by position`,
      valuesOf(key),
    );
    if (rows.length === 0) return null;
    return rows.flatMap(({ entry }) => (entry === null ? [] : [parseEntry(entry)]));
  }

  async listSessions(projectKey: string): Promise<{ sessionId: string; mtime: number }[]> {
    const rows = await this.#mainTranscripts(projectKey);
    return rows.map(({ sessionId, mtime }) => ({ sessionId, mtime }));
  }

  async listSessionSummaries(projectKey: string): Promise<SessionSummaryEntry[]> {
    const rows = await this.#mainTranscripts(projectKey);
    return rows.map(({ sessionId, mtime, data }) => ({ sessionId, mtime, data }));
  }

  async listSubkeys({
    projectKey,
    sessionId,
  }: Pick<SessionKey, 'projectKey' | 'sessionId'>): Promise<string[]> {
    const rows = await this.#database.query<{ subpath: string }>(
      `select subpath from ${this.#schema}.transcript
       where session_id = $1 and project_key = $2 and subpath <> '' order by key`,
      [encodeText(sessionId), encodeText(projectKey)],
    );
    return rows.map(({ subpath }) => decodeText(subpath));
  }

  /** Deletes the transcript of a subpath, or without a subpath all transcripts of the session. */
  async delete(key: SessionKey): Promise<void> {
    await this.#database.query(
      `delete from ${this.#schema}.transcript
       where session_id = $1 and project_key = $2 and $3 in ('', subpath)`,
      valuesOf(key),
    );
  }

  async #append(key: SessionKey, texts: readonly string[], epoch?: number): Promise<void> {
    const appending = this.#database.transaction(async (query) => {
      const opened = await this.#open(query, key, texts.length, epoch);
      const added = await this.#insert(query, opened, texts);
      if (key.subpath === undefined) await this.#fold(query, opened, key, added);
    });
    await asStorable(appending);
  }

  /**
   * Locks the row of the transcript, so that appends of several servers wait for each other, and that of the
   * session, so that it is taken over after the append or before.
   *
   * @throws FencedError when the epoch is not the latest one of the session
   */
  async #open(query: Query, key: SessionKey, count: number, epoch?: number): Promise<Opened> {
    const [opened] = await query<Readonly<Record<keyof Opened, string>>>(
      `with owned as materialized (
         select from ${this.#schema}.session where id = $1 and epoch = $5::int for share
       )
       insert into ${this.#schema}.transcript as t
         (session_id, project_key, subpath, mtime, last_position)
       select $1, $2, $3, floor(extract(epoch from clock_timestamp()) * 1000), $4::int
       where $5::int is null or exists (select from owned)
       on conflict (session_id, project_key, subpath) do update
         set mtime = greatest(excluded.mtime, t.mtime + 1), last_position = t.last_position + $4::int
       returning key, mtime, summary, last_position - $4::int as base`,
      [...valuesOf(key), count, epoch ?? null],
    );
    if (!opened) throw new FencedError(key.sessionId);
    return opened;
  }

  /** Returns the entries that are new. */
  async #insert(
    query: Query,
    { key, base }: Opened,
    texts: readonly string[],
  ): Promise<SessionStoreEntry[]> {
    const entries = texts.map(parseEntry);
    const uuids = entries.map(({ uuid }) => (uuid === undefined ? null : encodeText(uuid)));
    const rows = await query<{ place: string }>(
      `insert into ${this.#schema}.transcript_entry (transcript, position, uuid, entry)
       select $1::bigint, $2::int + place, uuid, entry
       from unnest($3::text[], $4::text[]) with ordinality as e (uuid, entry, place)
       order by place
       on conflict do nothing
       returning position - $2::int as place`,
      [key, base, uuids, texts],
    );
    const places = new Set(rows.map(({ place }) => Number(place)));
    return entries.filter((_, index) => places.has(index + 1));
  }

  async #fold(
    query: Query,
    { key: transcript, mtime, summary }: Opened,
    key: SessionKey,
    entries: SessionStoreEntry[],
  ): Promise<void> {
    const { foldSessionSummary } = await import('@anthropic-ai/claude-agent-sdk');
    const previous =
      summary === null ? undefined : summaryOf(key.sessionId, Number(mtime), summary);
    const { data } = foldSessionSummary(previous, key, entries, { mtime: Number(mtime) });
    await query(`update ${this.#schema}.transcript set summary = $2 where key = $1`, [
      transcript,
      JSON.stringify(data),
    ]);
  }

  async #mainTranscripts(projectKey: string): Promise<SessionSummaryEntry[]> {
    const rows = await this.#database.query<{ session_id: string; mtime: string; summary: string }>(
      `select session_id, mtime, summary from ${this.#schema}.transcript
       where project_key = $1 and subpath = '' order by key`,
      [encodeText(projectKey)],
    );
    return rows.map((row) => summaryOf(decodeText(row.session_id), Number(row.mtime), row.summary));
  }
}

function valuesOf({ sessionId, projectKey, subpath = '' }: SessionKey): string[] {
  return [sessionId, projectKey, subpath].map(encodeText);
}

function nameOf(key: SessionKey): string {
  return JSON.stringify(valuesOf(key));
}

function parseEntry(text: string): SessionStoreEntry {
  return JSON.parse(text) as SessionStoreEntry;
}

function summaryOf(sessionId: string, mtime: number, summary: string): SessionSummaryEntry {
  return { sessionId, mtime, data: JSON.parse(summary) as SessionSummaryEntry['data'] };
}
