import type { ListedRequest } from '../../protocol/answers.js';
import { toPendingRequest } from '../session/request-events.js';
import type { RequestCursor, SessionRecordStore, StoredRequest } from '../storage.js';

/** A page of the open requests of a caller's sessions. */
export interface RequestPage {
  requests: ListedRequest[];
  /** The cursor of the next page; null on the last page. */
  next: RequestCursor | null;
}

/**
 * Reads a page of the open requests of an owner's sessions, the oldest first. They are read from the storage, which
 * has those of every server, and no session is loaded. A request that is open throughout is on exactly one of the
 * pages, because its position never changes.
 */
export async function readRequestPage(
  records: Pick<SessionRecordStore, 'openRequests'>,
  owner: string,
  limit: number,
  after: RequestCursor | null,
): Promise<RequestPage> {
  const found = await records.openRequests(owner, limit + 1, after);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    requests: page.map(describe),
    next: last && found.length > limit ? positionOf(last) : null,
  };
}

function positionOf({ openedAt, sessionId, event }: StoredRequest): RequestCursor {
  return { openedAt, sessionId, seq: event.seq };
}

function describe({ sessionId, openedAt, ...stored }: StoredRequest): ListedRequest {
  const { event, ...payload } = toPendingRequest(stored);
  const listed = { session_id: sessionId, event, opened_at: openedAt.toISOString(), ...payload };
  return listed as ListedRequest;
}
