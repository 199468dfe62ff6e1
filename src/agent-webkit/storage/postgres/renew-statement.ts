import { CLOCK, goneServers, isForgotten, isFree, milliseconds } from './lease-sql.js';

/** How long forwarded requests and creations are stored. */
const STALE_AFTER = "interval '1 minute'";
/** The maximum number of rows of each kind that one renewal removes. */
const MAX_REMOVED = 1000;

/** The row of {@link renewStatement}. */
export type RenewalRow = Readonly<{
  /** 't' or 'f'. */
  was_valid: string;
  /** As JSON. */
  others: string;
  /** 't' or 'f'. */
  has_orphans: string;
  next_lapse_ms: string | null;
}>;

/**
 * Returns the statement that renews the lease of a server: its address ($1), the length of its lease ($2),
 * the number of agents that it could start ($3), and whether it drains ($4). It also removes what has
 * expired: rows that another statement is using now are left to the next renewal.
 *
 * The validity of the lease is checked after the row is locked. A statement that has taken over a
 * session of this server has then ended, because it has locked the row, too.
 */
export function renewStatement(schema: string): string {
  return `
    with ${CLOCK}, renewed as (
      insert into ${schema}.server as mine
        (address, lease_ms, lease_until, continuous_since, free_agents, is_draining)
      select $1, $2::int, t + ${milliseconds('$2::int')}, t, $3::int, $4::boolean from clock
      on conflict (address) do update
      set (lease_ms, free_agents, is_draining, has_left, lease_until, continuous_since) = (
        select excluded.lease_ms, excluded.free_agents, excluded.is_draining, false,
          now.t + ${milliseconds('excluded.lease_ms')},
          case when mine.lease_until > now.t and mine.continuous_since < now.t
            then mine.continuous_since else now.t end
        from (select clock_timestamp() as t) as now
      )
      returning lease_ms, continuous_since,
        continuous_since < lease_until - ${milliseconds('lease_ms')} as was_valid
    ), me as materialized (
      select * from renewed
    ), ${goneServers(schema)}, other as materialized (
      select * from ${schema}.server, clock where address <> $1
    ), ${removals(schema)}
    select
      (select was_valid from me),
      (select coalesce(json_agg(json_build_object(
          'address', address, 'freeAgents', free_agents, 'isDraining', is_draining
        ) order by address), '[]') from other where lease_until > t) as others,
      not $4::boolean and exists (
        select from ${schema}.session where is_unfinished and ${isFree(schema, '$1')}
      ) as has_orphans,
      (select ceil(extract(epoch from min(free_at) - min(t)) * 1000) from (
        select greatest(other.lease_until,
          me.continuous_since + ${milliseconds('greatest(me.lease_ms, other.lease_ms)')}) as free_at, t
        from other, me where not has_left
        union all
        select continuous_since + ${milliseconds('lease_ms')}, t from me, clock
      ) as next where free_at > t) as next_lapse_ms`;
}

/** Returns the common table expressions that remove expired rows. They lock rows in any order, and so never wait for one. */
function removals(schema: string): string {
  const skip = `limit ${MAX_REMOVED} for update skip locked`;
  return `forgotten as (
      delete from ${schema}.server where address in (
        select address from ${schema}.server, clock
        where address <> $1 and ${isForgotten()} limit ${MAX_REMOVED} for update of server skip locked
      )
    ), corrected as (
      -- The clock was set back, as by the failover to another machine.
      update ${schema}.server set lease_until = t + ${milliseconds('lease_ms')} from clock
      where address in (
        select address from ${schema}.server, clock
        where address <> $1 and lease_until > t + ${milliseconds('2 * lease_ms')}
        for update of server skip locked
      )
    ), stale_requests as (
      delete from ${schema}.forwarded_request where id in (
        select id from ${schema}.forwarded_request
        where created_at not between now() - ${STALE_AFTER} and now() + ${STALE_AFTER} ${skip}
      )
    ), stale_creations as (
      delete from ${schema}.creation where owner in (
        select owner from ${schema}.creation
        where called_at not between now() - ${STALE_AFTER} and now() + ${STALE_AFTER} ${skip}
      )
    )`;
}
