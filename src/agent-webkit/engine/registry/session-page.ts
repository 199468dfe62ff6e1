import type { SessionInfo } from '../../protocol/answers.js';
import type { Caller } from '../caller.js';
import { describeLog, describeSession } from '../session/session-info.js';
import type { SessionRecord, SessionRecordStore } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import { type ListCursor, listPage } from './listing.js';
import type { LiveSessions } from './live-sessions.js';

/** A page of a caller's sessions. */
export interface SessionPage {
  sessions: SessionInfo[];
  /** The cursor of the next page; null on the last page. */
  next: ListCursor | null;
}

export interface SessionPageOptions {
  limit: number;
  after: ListCursor | null;
  wait: StorageWait;
}

/**
 * Reads a page of a caller's sessions, as `listPage` does. Sessions that are only in the storage are not
 * loaded, and those that are being loaded are described by their records.
 */
export async function readSessionPage(
  live: LiveSessions,
  records: SessionRecordStore,
  caller: Caller,
  { limit, after, wait }: SessionPageOptions,
): Promise<SessionPage> {
  const page = await wait.for(listPage(records, caller.id, limit, after));
  const sessions = await Promise.all(page.records.map((record) => describe(live, record)));
  return { sessions: sessions.filter((session) => session !== null), next: page.next };
}

/** Resolves to null for a session that was deleted. */
async function describe(live: LiveSessions, record: SessionRecord): Promise<SessionInfo | null> {
  const held = await live.peek(record.id);
  if (held ? held.state === 'closed' : live.deletions.get(record.id)) return null;
  if (held) return held.info();
  return describeSession(record, describeLog(record), 'dormant', { pending: [], tasks: [] }, 0);
}
