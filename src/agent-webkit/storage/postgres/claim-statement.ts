import { CLOCK, goneServers, isFree, thisServer } from './lease-sql.js';
import { recordColumns, type RecordRow } from './record-row.js';

/** The outcome of a claim: the record, if the session was taken over, and what decided it. */
export type ClaimRow = Readonly<Record<keyof RecordRow, string | null>> &
  Readonly<{
    /** The server of the session before. */
    claimed_from: string | null;
    /** 't' when the server may take over the session as it was at the start of the statement. */
    is_permitted: string;
  }>;

/**
 * Returns the statement that takes over a session ($1) for a server ($2) and gives it an epoch ($3), if
 * the server may do so. It has one row, and none when the session does not exist.
 *
 * The session is changed only as it was seen, because the conditions hold for that. The row of a server
 * whose lease has lapsed is locked: it renews its lease before the session is seen, or after it was
 * taken over.
 */
export function claimStatement(schema: string): string {
  return `
    with ${CLOCK}, ${thisServer(schema, '$2')}, ${goneServers(schema)}, seen as materialized (
      select key, epoch, server,
        coalesce(server = $2, false) or ${isFree(schema, '$2')} as is_permitted
      from ${schema}.session where id = $1
    ), known as materialized (
      select address from ${schema}.server
      where address = (select server from seen) and address <> $2
    ), locked as materialized (
      select address from ${schema}.server, clock
      where address = (select address from known where (select is_permitted from seen))
        and (has_left or lease_until <= t)
      for share of server
    ), taken as (
      update ${schema}.session set epoch = $3, server = $2 from seen
      where session.key = seen.key and session.epoch = seen.epoch
        and session.server is not distinct from seen.server and seen.is_permitted
        and (exists (select from locked) or not exists (select from known))
      returning ${recordColumns(schema)}
    )
    select seen.server as claimed_from, seen.is_permitted, taken.*
    from seen left join taken on true`;
}
