import type { SessionInfo } from '../../protocol/answers.js';
import type { Caller } from '../caller.js';
import type { SessionRecord, SessionRecordStore } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import { type DescribedSession, describeFor } from '../session/session-info.js';
import type { Access } from './access.js';
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
  /** Describes the sessions of records, without those that were deleted. */
  describe: (records: readonly SessionRecord[]) => Promise<DescribedSession[]>;
  access: Access;
}

/** Reads a page of the sessions that a caller owns or is a member of, as `listPage` does. */
export async function readSessionPage(
  records: SessionRecordStore,
  caller: Caller,
  { limit, after, wait, describe, access }: SessionPageOptions,
): Promise<SessionPage> {
  const page = await wait.for(listPage(records, caller.id, limit, after));
  const readable = await access.allowed(page.records, caller, 'read');
  const described = await wait.for(describe(readable));
  return { sessions: described.map((session) => describeFor(caller, session)), next: page.next };
}

/**
 * Describes sessions of a storage that only this server uses. Sessions that are only in the storage are not
 * loaded, and those that are being loaded are described by their records.
 */
export async function describeSessions(
  live: LiveSessions,
  records: readonly SessionRecord[],
): Promise<DescribedSession[]> {
  const described = await Promise.all(
    records.map(async (record) => {
      const held = await live.peek(record.id);
      if (held ? held.state === 'closed' : live.deletions.get(record.id)) return null;
      return held ? held.info() : live.describeStored(record);
    }),
  );
  return described.filter((session) => session !== null);
}
