/** A server whose lease lapsed so long ago is forgotten. */
const FORGOTTEN_AFTER = "interval '10 minutes'";

/**
 * Returns the common table expression `clock`, with the time `t` of the database. It is read once, so
 * that all conditions of a statement agree.
 */
export const CLOCK = 'clock as materialized (select clock_timestamp() as t)';

/**
 * Returns the common table expressions by which a statement decides which sessions a server may take
 * over. They need {@link CLOCK}, and one named `me` with the columns of this server's row while its lease
 * is valid.
 *
 * `claimant` has a row while the lease of this server was valid throughout the time of one lease: since
 * then, every other server had the time to renew its own. `gone` has the servers whose sessions are free.
 *
 * @param schema the quoted name of the schema
 */
export function goneServers(schema: string): string {
  return `claimant as materialized (
      select continuous_since from me, clock where ${isContinuous('me.lease_ms')}
    ), gone as materialized (
      select address from ${schema}.server as other, clock
      where has_left or (lease_until <= t and exists (
        select from me where ${isContinuous('greatest(me.lease_ms, other.lease_ms)')}
      ))
    )`;
}

/** Returns the common table expression `me`, from the row of this server. */
export function thisServer(schema: string, address: string): string {
  return `me as materialized (
      select lease_ms, continuous_since from ${schema}.server, clock
      where address = ${address} and lease_until > t
    )`;
}

/**
 * Returns the condition that a row of `session` belongs to no server, or to another one whose sessions are
 * free. It needs {@link goneServers}. Servers without a row have lapsed, and were forgotten.
 */
export function isFree(schema: string, address: string): string {
  return `(session.server is null or (session.server <> ${address} and (
      session.server in (select address from gone)
      or (exists (select from claimant)
        and session.server not in (select address from ${schema}.server))
    )))`;
}

/** Returns an expression for the address of the server that runs a session: null when its lease is not valid. */
export function liveServer(schema: string): string {
  return `(select address from ${schema}.server
    where address = session.server and lease_until > clock_timestamp())`;
}

/** Returns the time of so many milliseconds. */
export function milliseconds(count: string): string {
  return `(${count}) * interval '1 millisecond'`;
}

/** Returns the condition that this server has not renewed the row of a server for very long. */
export function isForgotten(): string {
  return `lease_until < t - ${FORGOTTEN_AFTER}`;
}

function isContinuous(leaseMs: string): string {
  return `me.continuous_since <= t - ${milliseconds(leaseMs)}`;
}
