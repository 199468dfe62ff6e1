import type { RecordFilter } from '../record-filter.js';
import type { CreationCursor, SessionRecord, SessionRecordStore } from '../storage.js';

/** The position at which a page of a listing ended, and when the listing began. */
export interface ListCursor {
  /** The sessions used since this time are listed once more, after all others. */
  since: Date;
  /** The last activity of the last session on the page; null once the listing repeats used sessions. */
  lastActivityAt: Date | null;
  /** The id of the last session on the page. */
  id: string;
}

/** A page of records. */
export interface RecordPage<Cursor = ListCursor> {
  records: SessionRecord[];
  /** The cursor of the next page; null on the last page. */
  next: Cursor | null;
}

/**
 * How long before the first page a use of a session counts as one during the listing, in milliseconds:
 * its time may be stored a moment later, and the clocks of servers may differ.
 */
const MARGIN_MS = 1000;

/**
 * Returns one page of an owner's sessions, the newest activity first.
 *
 * A session that is used between two pages moves before the cursor. So after the oldest session, the
 * listing repeats the sessions used since its first page, in the stable order of their ids. Over all
 * pages, each session that exists throughout, and that the filter never leaves out, appears at least once.
 */
export async function listPage(
  records: SessionRecordStore,
  owner: string,
  limit: number,
  after: ListCursor | null,
  filter: RecordFilter = {},
): Promise<RecordPage> {
  const now = Date.now();
  const position = after?.lastActivityAt
    ? { ...after, lastActivityAt: after.lastActivityAt }
    : null;
  if (after && !position) return repeatUsed(records, owner, limit, after, filter);

  const found = await records.list(owner, limit + 1, position, filter);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const since = after?.since ?? startOf(now, page);
  const here = last && { since, lastActivityAt: last.lastActivityAt, id: last.id };
  if (here && found.length > limit) return { records: page, next: here };
  // One page is one read, which no use of a session can divide.
  if (!after) return { records: page, next: null };

  const rest = limit - page.length;
  if (rest > 0) {
    const start = { since, lastActivityAt: null, id: '' };
    const repeated = await repeatUsed(records, owner, rest, start, filter);
    const shown = new Set(page.map(({ id }) => id));
    const others = repeated.records.filter(({ id }) => !shown.has(id));
    return { records: [...page, ...others], next: repeated.next };
  }
  const [used] = await records.usedSince(owner, since, 1, null, filter);
  return { records: page, next: used && here ? here : null };
}

async function repeatUsed(
  records: SessionRecordStore,
  owner: string,
  limit: number,
  { since, id }: ListCursor,
  filter: RecordFilter,
): Promise<RecordPage> {
  const afterId = id === '' ? null : id;
  const found = await records.usedSince(owner, since, limit + 1, afterId, filter);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const hasMore = last !== undefined && found.length > limit;
  return { records: page, next: hasMore ? { since, lastActivityAt: null, id: last.id } : null };
}

/** Returns one page of an owner's sessions, the newest first. No session moves in this order: none appears twice. */
export async function listCreatedPage(
  records: SessionRecordStore,
  owner: string,
  limit: number,
  after: CreationCursor | null,
  filter: RecordFilter,
): Promise<RecordPage<CreationCursor>> {
  const found = await records.listCreated(owner, limit + 1, after, filter);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const hasMore = last !== undefined && found.length > limit;
  return { records: page, next: hasMore ? { createdAt: last.createdAt, id: last.id } : null };
}

/** Returns the time from which a use of a session may have moved it before the first page's cursor. */
function startOf(now: number, [newest]: readonly SessionRecord[]): Date {
  const latest = newest ? newest.lastActivityAt.getTime() + 1 : now;
  return new Date(Math.max(0, Math.min(now - MARGIN_MS, latest)));
}
