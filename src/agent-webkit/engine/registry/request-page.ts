import type { ListedRequest } from '../../protocol/answers.js';
import { toPendingRequest } from '../session/request-events.js';
import type { Caller } from '../caller.js';
import type { Access } from './access.js';
import type { RequestCursor, SessionRecordStore, StoredRequest } from '../storage.js';

/** A page of the open requests of a caller's sessions. */
export interface RequestPage {
  requests: ListedRequest[];
  /** The cursor of the next page; null on the last page. */
  next: RequestCursor | null;
}

export interface RequestPageOptions {
  readonly records: Pick<SessionRecordStore, 'openRequests' | 'get'>;
  readonly access: Access;
  readonly caller: Caller;
}

/**
 * Reads a page of the open requests of the sessions that a caller owns or is an approver of, the oldest first. Those that
 * the host does not let the caller answer are left out. They are read from the storage, which
 * has those of every server, and no session is loaded. A request that is open throughout is on exactly one of the
 * pages, because its position never changes.
 */
export async function readRequestPage(
  options: RequestPageOptions,
  limit: number,
  after: RequestCursor | null,
): Promise<RequestPage> {
  const { records, caller } = options;
  const found = await records.openRequests(caller.id, limit + 1, after);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    requests: (await answerable(page, options)).map(describe),
    next: last && found.length > limit ? positionOf(last) : null,
  };
}

/** Returns the requests of sessions in which the host, too, lets the caller answer. */
async function answerable(
  requests: readonly StoredRequest[],
  { records, access, caller }: RequestPageOptions,
): Promise<readonly StoredRequest[]> {
  // Without a host that decides, the storage has found only those that the caller may answer.
  if (!access.asksHost) return requests;
  const ids = [...new Set(requests.map(({ sessionId }) => sessionId))];
  const found = await Promise.all(ids.map((id) => records.get(id)));
  const sessions = found.filter((record) => record !== null);
  const allowed = await access.allowed(sessions, caller, 'answer');
  const allowedIds = new Set(allowed.map(({ id }) => id));
  return requests.filter(({ sessionId }) => allowedIds.has(sessionId));
}

function positionOf({ openedAt, sessionId, event }: StoredRequest): RequestCursor {
  return { openedAt, sessionId, seq: event.seq };
}

function describe({ sessionId, openedAt, ...stored }: StoredRequest): ListedRequest {
  const { event, ...payload } = toPendingRequest(stored);
  const listed = { session_id: sessionId, event, opened_at: openedAt.toISOString(), ...payload };
  return listed as ListedRequest;
}
