import { type RecordFilter, termsOf } from '../../engine/record-filter.js';
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
  readonly owner: string;
  readonly limit: number;
  readonly filter: RecordFilter;
}

/** Returns the query of the records of an owner after a position, in the order of a time. */
export function listingQuery(
  column: 'last_activity_at' | 'created_at',
  position: TimePosition | null,
  { schema, columns, owner, limit, filter }: ListingOptions,
): ListingQuery {
  const values: unknown[] = [encodeText(owner), limit];
  if (position) values.push(position.at.toISOString(), encodeText(position.id));
  const after = position ? `and ${column} <= $3 and (${column} < $3 or id > $4)` : '';
  return {
    text: `select ${columns} from ${schema}.session
      where owner = $1 ${after} ${conditionsOf(filter, values)}
      order by ${column} desc, id limit $2`,
    values,
  };
}

/** Returns the query of the records of an owner that were used since a time, in the order of their ids. */
export function usedSinceQuery(
  since: Date,
  after: string | null,
  { schema, columns, owner, limit, filter }: ListingOptions,
): ListingQuery {
  const values = [encodeText(owner), limit, since.toISOString(), encodeText(after ?? '')];
  return {
    text: `select ${columns} from ${schema}.session
      where owner = $1 and last_activity_at >= $3 and id > $4 ${conditionsOf(filter, values)}
      order by id limit $2`,
    values,
  };
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
  if (states) {
    // The state is the first field of the JSON. A session that no server runs is dormant, not idle.
    const stored = states.includes('dormant') ? [...states, 'idle'] : states;
    const patterns = stored.map((state) => `{"state":"${state}"%`);
    add((any) => `(status is null or status like any (${any}::text[]))`, patterns);
  }
  return conditions.join(' ');
}
