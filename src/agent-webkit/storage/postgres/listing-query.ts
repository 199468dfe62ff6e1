import { type AllRecordsFilter, type RecordFilter, termsOf } from '../../engine/record-filter.js';
import type { SessionStateName } from '../../protocol/events.js';
import { memberDigest } from './member-digests.js';
import { digest, encodeText } from './text.js';

/** A position in an order by a time, the newest first, and at equal times by the id. */
export interface TimePosition {
  readonly at: Date;
  readonly id: string;
}

/** A statement, and its parameters. */
export interface ListingQuery {
  readonly text: string;
  readonly values: unknown[];
}

export interface ListingOptions {
  /** The quoted name of the schema. */
  readonly schema: string;
  readonly columns: string;
  readonly caller: string;
  readonly limit: number;
  readonly filter: RecordFilter;
}

/** Returns the query of the records of a caller after a position, in the order of a time. */
export function listingQuery(
  column: 'last_activity_at' | 'created_at',
  position: TimePosition | null,
  options: ListingOptions,
): ListingQuery {
  const values: unknown[] = valuesOf(options);
  if (position) values.push(position.at.toISOString(), encodeText(position.id));
  const after = position ? `and ${column} <= $4 and (${column} < $4 or id > $5)` : '';
  const shown = column === 'created_at' ? 'created_ms' : 'last_activity_ms';
  return {
    text: ofCaller(
      `${after} ${conditionsOf(options.filter, values)}`,
      [`${column} desc, id`, `${shown} desc, id`],
      options,
    ),
    values,
  };
}

/** Returns the query of the records of a caller that were used since a time, in the order of their ids. */
export function usedSinceQuery(
  since: Date,
  after: string | null,
  options: ListingOptions,
): ListingQuery {
  const values = [...valuesOf(options), since.toISOString(), encodeText(after ?? '')];
  const conditions = conditionsOf(options.filter, values);
  return {
    text: ofCaller(`and last_activity_at >= $4 and id > $5 ${conditions}`, ['id', 'id'], options),
    values,
  };
}

/** Returns the query of the records of all owners after a position, the newest first. */
export function allQuery(
  position: TimePosition | null,
  {
    schema,
    columns,
    limit,
    filter: { owner, states },
  }: Pick<ListingOptions, 'schema' | 'columns' | 'limit'> & { readonly filter: AllRecordsFilter },
): ListingQuery {
  const values: unknown[] = [limit];
  const conditions = ['true'];
  if (owner !== undefined) conditions.push(`owner = $${values.push(encodeText(owner))}`);
  if (position) {
    const at = `$${values.push(position.at.toISOString())}`;
    const id = `$${values.push(encodeText(position.id))}`;
    conditions.push(`created_at <= ${at} and (created_at < ${at} or id > ${id})`);
  }
  if (states) conditions.push(isInState(`$${values.push(statePatterns(states))}`));
  return {
    text: `select ${columns} from ${schema}.session where ${conditions.join(' and ')}
      order by created_at desc, id limit $1`,
    values,
  };
}

/** Returns the first parameters of each query. */
function valuesOf({ caller, limit }: ListingOptions): unknown[] {
  return [encodeText(caller), limit, memberDigest(caller)];
}

/**
 * Returns the query of the first records of which a caller is the owner or a member. Each of the two is a query of its
 * own, so that both are answered by an index.
 *
 * @param orders the order of the table, and the same order of the columns of the result
 */
function ofCaller(
  conditions: string,
  [order, shown]: readonly [string, string],
  { schema, columns }: ListingOptions,
): string {
  const part = (of: string) => `(select ${columns} from ${schema}.session
      where ${of} ${conditions} order by ${order} limit $2)`;
  return `select * from (${part('owner = $1')} union all
      ${part('member_digests @> array[$3]::text[]')}) as found
    order by ${shown} limit $2`;
}

/** Returns the conditions of a filter, and adds their parameters to `values`. */
function conditionsOf(filter: RecordFilter, values: unknown[]): string {
  const { archived, title, metadata = {}, states } = filter;
  const conditions: string[] = [];
  const add = (condition: (parameter: string) => string, value: unknown) =>
    conditions.push(`and ${condition(`$${values.push(value)}`)}`);
  // Not a parameter, so that the index of these records is used.
  if (archived !== undefined) conditions.push(`and ${archived ? 'archived' : 'not archived'}`);
  if (title !== undefined) add((text) => `strpos(searched_title, ${text}) > 0`, title);
  const digests = termsOf(metadata).map(digest);
  if (digests.length > 0) add((all) => `metadata_digests @> ${all}::text[]`, digests);
  if (states) add(isInState, statePatterns(states));
  return conditions.join(' ');
}

/** Returns the condition that a session can be in a state with one of the patterns in a parameter. */
function isInState(patterns: string): string {
  return `(status is null or status like any (${patterns}::text[]))`;
}

/** Returns the patterns of states. The state is the first field of the JSON. */
function statePatterns(states: readonly SessionStateName[]): string[] {
  // A session that no server runs is dormant, not idle.
  const stored = states.includes('dormant') ? [...states, 'idle'] : states;
  return stored.map((state) => `{"state":"${state}"%`);
}
