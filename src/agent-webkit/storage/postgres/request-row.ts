import type { StoredRequest } from '../../engine/storage.js';
import { decodeText } from './text.js';

/** The row of an open request, with its event. */
export type RequestRow = Readonly<
  Record<'session_id' | 'opened_ms' | 'seq' | 'name' | 'data', string> & {
    approved_by: string | null;
    escalated_to: string | null;
  }
>;

/** Returns the query for the open requests of an owner after a position, oldest first. */
export function openRequestsQuery(schema: string): string {
  return `
    select request.session_id, request.approved_by, request.escalated_to, event.seq, event.name,
      event.data, round(extract(epoch from request.opened_at) * 1000) as opened_ms
    from ${schema}.open_request as request
    join ${schema}.session on session.id = request.session_id
    join ${schema}.event on event.session = session.key and event.seq = request.seq
    where request.owner = $1 and ($3::timestamptz is null
      or (request.opened_at, request.session_id, request.seq) > ($3, $4, $5::int))
    order by request.opened_at, request.session_id, request.seq limit $2`;
}

export function toStoredRequest(row: RequestRow): StoredRequest {
  return {
    sessionId: decodeText(row.session_id),
    openedAt: new Date(Number(row.opened_ms)),
    ...(row.approved_by !== null && { approvedBy: JSON.parse(row.approved_by) as string[] }),
    ...(row.escalated_to !== null && { escalatedTo: JSON.parse(row.escalated_to) as string[] }),
    event: {
      seq: Number(row.seq),
      name: decodeText(row.name),
      data: decodeText(row.data),
    },
  };
}
