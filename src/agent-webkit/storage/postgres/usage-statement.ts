import type { EventAppend } from '../../engine/storage.js';
import { encodeText } from './text.js';

/** The columns that an addition raises. */
const AMOUNTS = [
  'cost_usd',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_creation_tokens',
  'turns',
];

/**
 * Returns the part of an append that adds the usage of new events. The sums are those of all appends of the statement,
 * because it can raise a row only once. The rows are raised in a fixed order, when all sessions are locked.
 *
 * @param first the position of the first of its parameters
 */
export function addedUsage(schema: string, first: number): string {
  const at = (index: number) => `$${first + index}`;
  return `, added_usage as (
      insert into ${schema}.usage (owner, day, model, ${AMOUNTS.join(', ')})
      select encode(sha256(convert_to(accepted.owner, 'UTF8')), 'base64') as digest, u.day, u.model,
        ${AMOUNTS.map((name) => `sum(u.${name})`).join(', ')}
      from unnest(${at(0)}::int[], ${at(1)}::int[], ${at(2)}::text[], ${at(3)}::text[], ${at(4)}::float8[],
          ${at(5)}::bigint[], ${at(6)}::bigint[], ${at(7)}::bigint[], ${at(8)}::bigint[], ${at(9)}::bigint[])
        as u (place, seq, day, model, ${AMOUNTS.join(', ')})
      join accepted using (place)
      where u.seq > accepted.stored_seq
      group by 1, 2, 3
      order by 1, 2, 3
      on conflict (owner, day, model) do update
      set ${AMOUNTS.map((name) => `${name} = usage.${name} + excluded.${name}`).join(', ')}
    )`;
}

/** Returns the parameters of {@link addedUsage}. */
export function usageValues(appends: readonly EventAppend[]): unknown[][] {
  const added = appends.flatMap(({ usage = [] }, place) => usage.map((row) => ({ place, ...row })));
  return [
    added.map(({ place }) => place),
    added.map(({ seq }) => seq),
    added.map(({ day }) => day),
    added.map(({ model }) => encodeText(model)),
    added.map(({ costUsd }) => costUsd),
    added.map(({ inputTokens }) => inputTokens),
    added.map(({ outputTokens }) => outputTokens),
    added.map(({ cacheReadTokens }) => cacheReadTokens),
    added.map(({ cacheCreationTokens }) => cacheCreationTokens),
    added.map(({ turns }) => turns),
  ];
}
