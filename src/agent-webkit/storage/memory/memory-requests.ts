import type { RequestCursor } from '../../engine/storage.js';

/** Returns up to `limit` of the requests after a position, the oldest first. */
export function pageOfRequests(
  open: readonly RequestCursor[],
  limit: number,
  after: RequestCursor | null,
): RequestCursor[] {
  return open
    .filter((request) => after === null || byAge(after, request) < 0)
    .sort(byAge)
    .slice(0, limit);
}

/** Orders by session and seq at equal times, so that the end of a page is a unique position. */
function byAge(a: RequestCursor, b: RequestCursor): number {
  const later = a.openedAt.getTime() - b.openedAt.getTime();
  if (later !== 0) return later;
  if (a.sessionId !== b.sessionId) return a.sessionId < b.sessionId ? -1 : 1;
  return a.seq - b.seq;
}
