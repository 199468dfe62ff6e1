import type { Database } from './database.js';
import { digest } from './text.js';

const MINUTE = "interval '1 minute'";

/**
 * Counts the creation of a session by an owner in one statement. The row of the owner has the times of the
 * creations that were permitted in the last minute, at most `limit`. Its lock makes concurrent calls wait for each
 * other, and the clock is read after that.
 *
 * @param schema the quoted name of the schema
 * @returns null, or the milliseconds until the next creation is permitted
 */
export async function countCreation(
  database: Database,
  schema: string,
  { owner, limit }: { owner: string; limit: number },
): Promise<number | null> {
  const [row] = await database.query<{ wait_ms: string | null }>(
    `insert into ${schema}.creation as c (owner, times, called_at)
     select $1, (array[t])[1:$2::int], t from (select clock_timestamp() as t) as now
     on conflict (owner) do update set (times, called_at) = (
       select case when cardinality(recent) < $2::int then recent || t else recent end, t
       from (select clock_timestamp() as t) as now, lateral (
         select array(
           select time from unnest(c.times) as time
           where time > t - ${MINUTE} and time <= t order by time desc limit $2::int
         ) as newest
       ) as kept, lateral (
         select array(select time from unnest(newest) as time order by time) as recent
       ) as sorted
     )
     returning case
       when times[cardinality(times)] = called_at then null
       else coalesce(ceil(extract(epoch from times[1] + ${MINUTE} - called_at) * 1000), 60000)
     end as wait_ms`,
    [digest(owner), limit],
  );
  return row?.wait_ms == null ? null : Number(row.wait_ms);
}
