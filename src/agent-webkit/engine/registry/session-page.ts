import type { SessionInfo } from '../../protocol/answers.js';
import type { Caller } from '../caller.js';
import { InvalidRequestError } from '../errors.js';
import type { CreationCursor, SessionRecord, SessionRecordStore } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import { type DescribedSession, describeFor } from '../session/session-info.js';
import type { Access } from './access.js';
import { type ListCursor, listCreatedPage, listPage, type RecordPage } from './listing.js';
import type { LiveSessions } from './live-sessions.js';
import type { RegistryParts } from './registry-parts.js';
import { matchesSession, recordFilter, type SessionFilter } from './session-filter.js';

/** A page of a caller's sessions. */
export interface SessionPage {
  sessions: SessionInfo[];
  /** The cursor of the next page; null on the last page. */
  next: ListPosition | null;
}

/** The position at which a page of a listing ended, in the order of activity or in that of creation. */
export type ListPosition = ListCursor | CreationCursor;

/** The sessions of a listing, and their order. */
export interface SessionQuery {
  /** @default all sessions */
  readonly filter?: SessionFilter;
  /** The newest activity first, or the newest session first. @default 'activity' */
  readonly order?: 'activity' | 'created';
}

export interface SessionPageOptions extends SessionQuery {
  limit: number;
  after: ListPosition | null;
  wait: StorageWait;
  /** Describes the sessions of records, without those that were deleted. */
  describe: (records: readonly SessionRecord[]) => Promise<DescribedSession[]>;
  access: Access;
}

/**
 * Reads a page of the sessions that a caller owns or is a member of, as `listPage` does. It can have fewer than `limit`,
 * and still be followed by another one: a session has changed since its record was stored.
 *
 * @throws InvalidRequestError when the position is one of another order
 */
export async function readSessionPage(
  records: SessionRecordStore,
  caller: Caller,
  { limit, after, filter = {}, order = 'activity', wait, describe, access }: SessionPageOptions,
): Promise<SessionPage> {
  const stored = recordFilter(filter);
  const page = await wait.for<RecordPage<ListPosition>>(
    order === 'created'
      ? listCreatedPage(records, caller.id, limit, ofCreation(after), stored)
      : listPage(records, caller.id, limit, ofActivity(after), stored),
  );
  const readable = await access.allowed(page.records, caller, 'read');
  const described = await wait.for(describe(readable));
  const sessions = described.filter((session) => matchesSession(stored, session));
  return { sessions: sessions.map((session) => describeFor(caller, session)), next: page.next };
}

function ofCreation(after: ListPosition | null): CreationCursor | null {
  if (after === null || 'createdAt' in after) return after;
  throw new InvalidRequestError(OTHER_ORDER);
}

function ofActivity(after: ListPosition | null): ListCursor | null {
  if (after === null || 'since' in after) return after;
  throw new InvalidRequestError(OTHER_ORDER);
}

const OTHER_ORDER =
  'cursor: must be the next_cursor of a listing with the same order. Leave it out to begin with the first page.';

/**
 * Describes sessions of a storage that only this server uses. Sessions that are only in the storage are not
 * loaded, and those that are being loaded are described by their records.
 */
async function describeSessions(
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

/** Describes sessions of records, without those that were deleted, whichever server runs them. */
export function describeRecords(
  { shared, live }: Pick<RegistryParts, 'shared' | 'live'>,
  records: readonly SessionRecord[],
): Promise<DescribedSession[]> {
  return shared?.reads.describeAll(records) ?? describeSessions(live, records);
}
