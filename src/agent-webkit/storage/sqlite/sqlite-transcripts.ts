import type {
  SessionKey,
  SessionStoreEntry,
  SessionSummaryEntry,
} from '@anthropic-ai/claude-agent-sdk';
import { FencedError, type TranscriptStore } from '../../engine/storage.js';
import { KeyedQueue } from '../keyed-queue.js';
import type { SqliteThread } from './sqlite-thread.js';
import type { SqlValue, Step } from './thread-protocol.js';

/**
 * Stores the transcripts of agents in a SQLite database, an entry with a uuid only once.
 *
 * The summary of a main transcript is committed together with its entries. The SDK derives the new
 * summary from the previous one, so the appends to one session run one after the other.
 */
export class SqliteTranscripts implements Required<TranscriptStore> {
  readonly #thread: SqliteThread;
  readonly #sql: ReturnType<typeof createStatements>;
  /** Serializes the appends and deletions of each session. */
  readonly #queue = new KeyedQueue();
  #lastMtime = 0;

  constructor(thread: SqliteThread, tablePrefix: string) {
    this.#thread = thread;
    this.#sql = createStatements(tablePrefix);
  }

  append(key: SessionKey, entries: SessionStoreEntry[], epoch?: number): Promise<void> {
    return this.#queue.run(key.sessionId, () => this.#append(key, entries, epoch));
  }

  async load(key: SessionKey): Promise<SessionStoreEntry[] | null> {
    const rows = await this.#thread.read(this.#sql.load, columnsOf(key));
    if (rows.length === 0) return null;
    return rows.flatMap(({ data }) => (data === null ? [] : [parse(data) as SessionStoreEntry]));
  }

  async listSessions(projectKey: string): Promise<{ sessionId: string; mtime: number }[]> {
    const rows = await this.#thread.read(this.#sql.mainOfProject, [JSON.stringify(projectKey)]);
    return rows.map((row) => ({
      sessionId: parse(row['session_id']) as string,
      mtime: Number(row['modified_at']),
    }));
  }

  async listSessionSummaries(projectKey: string): Promise<SessionSummaryEntry[]> {
    const rows = await this.#thread.read(this.#sql.mainOfProject, [JSON.stringify(projectKey)]);
    return rows.map(({ summary }) => parse(summary) as SessionSummaryEntry);
  }

  async listSubkeys({
    projectKey,
    sessionId,
  }: Pick<SessionKey, 'projectKey' | 'sessionId'>): Promise<string[]> {
    const params = columnsOf({ projectKey, sessionId }).slice(0, 2);
    const rows = await this.#thread.read(this.#sql.subpaths, params);
    return rows.map(({ path }) => parse(path) as string);
  }

  /** Deletes the transcript of a subpath, or without a subpath all transcripts of the session. */
  delete(key: SessionKey): Promise<void> {
    const [session = '', project = '', path = ''] = columnsOf(key);
    const [sql, params] = key.subpath
      ? [this.#sql.deletePath, [session, project, path]]
      : [this.#sql.deleteSession, [session, project]];
    return this.#queue.run(key.sessionId, async () => {
      await this.#thread.write([sql.map((text) => ({ kind: 'write', sql: text, params }))]);
    });
  }

  /** Resolves when no append and no deletion is in progress. */
  async settled(): Promise<void> {
    await this.#queue.settled();
  }

  async #append(key: SessionKey, entries: SessionStoreEntry[], epoch?: number): Promise<void> {
    const columns = columnsOf(key);
    this.#lastMtime = Math.max(Date.now(), this.#lastMtime + 1);
    const mtime = this.#lastMtime;
    const summary = key.subpath ? null : await this.#foldedSummary(key, entries, mtime);
    const upsert = { sql: this.#sql.upsert, params: [...columns, mtime, summary] };
    const inserts = entries.map((entry): Step => {
      const uuid = entry.uuid === undefined ? null : JSON.stringify(entry.uuid);
      return {
        kind: 'write',
        sql: this.#sql.insertEntry,
        params: [uuid, JSON.stringify(entry), ...columns],
      };
    });
    const fence: Step[] =
      epoch === undefined
        ? []
        : [{ kind: 'guard', sql: this.#sql.fence, params: [key.sessionId, epoch] }];
    const [result] = await this.#thread.write([
      [...fence, { kind: 'write', ...upsert }, ...inserts],
    ]);
    if (!result?.isDone) throw new FencedError(key.sessionId);
  }

  /** Returns the summary, as JSON, after folding in the entries that are new. */
  async #foldedSummary(
    key: SessionKey,
    entries: SessionStoreEntry[],
    mtime: number,
  ): Promise<string> {
    const uuids = entries.flatMap(({ uuid }) => (uuid === undefined ? [] : [JSON.stringify(uuid)]));
    const columns = columnsOf(key);
    const [{ foldSessionSummary }, [known], present] = await Promise.all([
      import('@anthropic-ai/claude-agent-sdk'),
      this.#thread.read(this.#sql.summary, columns),
      this.#thread.read(this.#sql.presentUuids, [...columns, JSON.stringify(uuids)]),
    ]);
    const seen = new Set(present.map(({ uuid }) => parse(uuid) as string));
    const added = entries.filter(({ uuid }) => {
      if (uuid === undefined) return true;
      const isNew = !seen.has(uuid);
      seen.add(uuid);
      return isNew;
    });
    const previous = known ? (parse(known['summary']) as SessionSummaryEntry) : undefined;
    return JSON.stringify(foldSessionSummary(previous, key, added, { mtime }));
  }
}

/** The session, project and path of a transcript; the path of the main one is empty. JSON encodes any text. */
function columnsOf({ projectKey, sessionId, subpath }: SessionKey): string[] {
  return [
    JSON.stringify(sessionId),
    JSON.stringify(projectKey),
    subpath ? JSON.stringify(subpath) : '',
  ];
}

function parse(json: SqlValue | undefined): unknown {
  return JSON.parse(String(json));
}

function createStatements(prefix: string) {
  const [transcript, entry] = [`${prefix}transcript`, `${prefix}transcript_entry`];
  const isIt = 'session_id = ? and project = ? and path = ?';
  return {
    fence: `update ${prefix}session set epoch = epoch where id = ? and epoch = ?`,
    upsert: `insert into ${transcript} (session_id, project, path, modified_at, summary)
      values (?, ?, ?, ?, ?) on conflict do update
      set modified_at = excluded.modified_at, summary = excluded.summary`,
    insertEntry: `insert into ${entry} (transcript, place, uuid, data)
      select key, (select coalesce(max(place), 0) + 1 from ${entry} where transcript = key), ?, ?
      from ${transcript} where ${isIt} on conflict do nothing`,
    load: `select data from ${transcript} left join ${entry} on transcript = key
      where ${isIt} order by place`,
    summary: `select summary from ${transcript} where ${isIt}`,
    presentUuids: `select uuid from ${transcript} join ${entry} on transcript = key
      where ${isIt} and uuid in (select value from json_each(?))`,
    mainOfProject: `select session_id, modified_at, summary from ${transcript}
      where project = ? and path = ''`,
    subpaths: `select path from ${transcript}
      where session_id = ? and project = ? and path <> '' order by key`,
    deletePath: [
      `delete from ${entry} where transcript in (select key from ${transcript} where ${isIt})`,
      `delete from ${transcript} where ${isIt}`,
    ],
    deleteSession: [
      `delete from ${entry} where transcript in
        (select key from ${transcript} where session_id = ? and project = ?)`,
      `delete from ${transcript} where session_id = ? and project = ?`,
    ],
  };
}
