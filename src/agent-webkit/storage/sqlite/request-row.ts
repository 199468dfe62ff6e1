import type { RequestCursor, StoredRequest } from '../../engine/storage.js';
import type { ListingQuery } from './listing-query.js';
import type { Row } from './thread-protocol.js';

export interface RequestPageOptions {
  readonly caller: string;
  readonly limit: number;
  readonly cursor: RequestCursor | null;
}

/** Returns the query for the open requests that a caller may answer, after a position, oldest first. */
export function openRequestsQuery(
  prefix: string,
  { caller, limit, cursor }: RequestPageOptions,
): ListingQuery {
  const { openedAt = new Date(0), sessionId = '', seq = 0 } = cursor ?? {};
  const id = JSON.stringify(caller);
  const after = [openedAt.getTime(), sessionId, seq];
  const part = (condition: string) => `select * from (
      select request.session_id, request.opened_at, request.approved_by, request.escalated_to,
        event.seq, event.name, event.data
      from ${prefix}open_request as request
      join ${prefix}session as session on session.id = request.session_id
      join ${prefix}event as event on event.session = session.key and event.seq = request.seq
      where ${condition}
        and (request.opened_at, request.session_id, request.seq) > (?, ?, ?)
      order by request.opened_at, request.session_id, request.seq limit ?)`;
  const approved = `select session_id from ${prefix}session_member
    where member = ? and role = 'approver'`;
  return {
    sql: `${part('request.owner = ?')} union all ${part(`request.session_id in (${approved})`)}
      order by opened_at, session_id, seq limit ?`,
    params: [id, ...after, limit, id, ...after, limit, limit],
  };
}

export function toStoredRequest(row: Row): StoredRequest {
  return {
    sessionId: String(row['session_id']),
    openedAt: new Date(Number(row['opened_at'])),
    ...(row['approved_by'] !== null && {
      approvedBy: JSON.parse(String(row['approved_by'])) as string[],
    }),
    ...(row['escalated_to'] !== null && {
      escalatedTo: JSON.parse(String(row['escalated_to'])) as string[],
    }),
    event: { seq: Number(row['seq']), name: String(row['name']), data: String(row['data']) },
  };
}
