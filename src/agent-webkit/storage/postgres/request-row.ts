import type { RequestCursor, StoredRequest } from '../../engine/storage.js';
import type { ListingQuery } from './listing-query.js';
import { approverDigest } from './member-digests.js';
import { decodeText, encodeText } from './text.js';

export interface RequestPageOptions {
  readonly caller: string;
  readonly limit: number;
  readonly cursor: RequestCursor | null;
}

/** The row of an open request, with its event. */
export type RequestRow = Readonly<
  Record<'session_id' | 'opened_ms' | 'seq' | 'name' | 'data', string> & {
    approved_by: string | null;
    escalated_to: string | null;
  }
>;

/** Returns the query for the open requests that a caller may answer, after a position, oldest first. */
export function openRequestsQuery(
  schema: string,
  { caller, limit, cursor }: RequestPageOptions,
): ListingQuery {
  const part = (condition: string) => `(
    select request.session_id, request.approved_by, request.escalated_to, event.seq, event.name,
      event.data, request.opened_at, round(extract(epoch from request.opened_at) * 1000) as opened_ms
    from ${schema}.open_request as request
    join ${schema}.session on session.id = request.session_id
    join ${schema}.event on event.session = session.key and event.seq = request.seq
    where ${condition} and ($3::timestamptz is null
      or (request.opened_at, request.session_id, request.seq) > ($3, $4, $5::int))
    order by request.opened_at, request.session_id, request.seq limit $2)`;
  const after = cursor
    ? [cursor.openedAt.toISOString(), encodeText(cursor.sessionId), cursor.seq]
    : [null, null, null];
  return {
    text: `select * from (${part('request.owner = $1')} union all
        ${part('session.member_digests @> array[$6]::text[]')}) as found
      order by opened_at, session_id, seq limit $2`,
    values: [encodeText(caller), limit, ...after, approverDigest(caller)],
  };
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
