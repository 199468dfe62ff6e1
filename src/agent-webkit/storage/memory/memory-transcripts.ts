import type {
  SessionKey,
  SessionStoreEntry,
  SessionSummaryEntry,
} from '@anthropic-ai/claude-agent-sdk';
import { FencedError, type TranscriptStore } from '../../engine/storage.js';

interface Transcript {
  key: SessionKey;
  entries: SessionStoreEntry[];
  /** The time of the last append, in milliseconds since 1970. */
  mtime: number;
}

/** Stores the transcripts of agents in the memory of this process, an entry with a uuid only once. */
export class MemoryTranscripts implements Required<TranscriptStore> {
  /** By session, then by project and path in the session. */
  readonly #sessions = new Map<string, Map<string, Transcript>>();
  readonly #epochOf: (sessionId: string) => number | undefined;
  #lastMtime = 0;

  /** @param epochOf returns the latest epoch of a session; undefined when it does not exist */
  constructor(epochOf: (sessionId: string) => number | undefined = () => undefined) {
    this.#epochOf = epochOf;
  }

  append(key: SessionKey, entries: SessionStoreEntry[], epoch?: number): Promise<void> {
    if (epoch !== undefined && epoch !== this.#epochOf(key.sessionId)) {
      return Promise.reject(new FencedError(key.sessionId));
    }
    const ofSession = this.#sessions.get(key.sessionId) ?? new Map<string, Transcript>();
    this.#sessions.set(key.sessionId, ofSession);
    const transcript = ofSession.get(nameOf(key)) ?? { key: { ...key }, entries: [], mtime: 0 };
    ofSession.set(nameOf(key), transcript);
    const known = new Set(transcript.entries.map(({ uuid }) => uuid));
    for (const entry of entries) {
      if (entry.uuid !== undefined && known.has(entry.uuid)) continue;
      known.add(entry.uuid);
      transcript.entries.push(structuredClone(entry));
    }
    this.#lastMtime = Math.max(Date.now(), this.#lastMtime + 1);
    transcript.mtime = this.#lastMtime;
    return Promise.resolve();
  }

  load(key: SessionKey): Promise<SessionStoreEntry[] | null> {
    const transcript = this.#sessions.get(key.sessionId)?.get(nameOf(key));
    return Promise.resolve(transcript ? structuredClone(transcript.entries) : null);
  }

  listSessions(projectKey: string): Promise<{ sessionId: string; mtime: number }[]> {
    const sessions = this.#mainOf(projectKey).map(({ key: { sessionId }, mtime }) => ({
      sessionId,
      mtime,
    }));
    return Promise.resolve(sessions);
  }

  /** Folds the summaries on demand: without a call, this costs no time and needs no SDK. */
  async listSessionSummaries(projectKey: string): Promise<SessionSummaryEntry[]> {
    const { foldSessionSummary } = await import('@anthropic-ai/claude-agent-sdk');
    return this.#mainOf(projectKey).map(({ key, entries, mtime }) =>
      foldSessionSummary(undefined, key, entries, { mtime }),
    );
  }

  listSubkeys({
    projectKey,
    sessionId,
  }: Pick<SessionKey, 'projectKey' | 'sessionId'>): Promise<string[]> {
    const ofSession = [...(this.#sessions.get(sessionId)?.values() ?? [])];
    const paths = ofSession.flatMap(({ key }) =>
      key.projectKey === projectKey && key.subpath ? [key.subpath] : [],
    );
    return Promise.resolve(paths);
  }

  /** Deletes the transcript of a subpath, or without a subpath all transcripts of the session. */
  delete(key: SessionKey): Promise<void> {
    const ofSession = this.#sessions.get(key.sessionId);
    if (!ofSession) return Promise.resolve();
    if (key.subpath) ofSession.delete(nameOf(key));
    else {
      for (const [name, transcript] of ofSession) {
        if (transcript.key.projectKey === key.projectKey) ofSession.delete(name);
      }
    }
    if (ofSession.size === 0) this.#sessions.delete(key.sessionId);
    return Promise.resolve();
  }

  /** Deletes the transcripts of a session in every project. */
  deleteSession(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }

  #mainOf(projectKey: string): Transcript[] {
    return [...this.#sessions.values()]
      .flatMap((ofSession) => [...ofSession.values()])
      .filter(({ key }) => key.projectKey === projectKey && !key.subpath);
  }
}

function nameOf({ projectKey, subpath }: SessionKey): string {
  return JSON.stringify([projectKey, subpath ?? '']);
}
