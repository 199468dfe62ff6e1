import { type RecordFilter, termsOf } from '../../engine/record-filter.js';
import type { SqlValue } from './thread-protocol.js';

/** A position in an order by a time, the newest first, and at equal times by the id. */
export interface TimePosition {
  readonly at: Date;
  readonly id: string;
}

/** The statement of a listing, and its parameters. */
export interface ListingQuery {
  readonly sql: string;
  readonly params: SqlValue[];
}

export interface ListingOptions {
  readonly prefix: string;
  readonly columns: string;
  /** The id of this opening of the database. */
  readonly server: string;
  readonly owner: string;
  readonly limit: number;
  readonly filter: RecordFilter;
}

/** Returns the query of the records of an owner after a position, in the order of a time. */
export function listingQuery(
  column: 'last_activity_at' | 'created_at',
  position: TimePosition | null,
  options: ListingOptions,
): ListingQuery {
  const { prefix, columns, owner, limit } = options;
  const filtered = conditionsOf(options);
  const after = position ? ` and ${column} <= ? and (${column} < ? or id > ?)` : '';
  const at = position ? [position.at.getTime(), position.at.getTime(), position.id] : [];
  return {
    sql: `select ${columns} from ${prefix}session where owner = ?${after}${filtered.sql}
      order by ${column} desc, id limit ?`,
    params: [JSON.stringify(owner), ...at, ...filtered.params, limit],
  };
}

/** Returns the query of the records of an owner that were used since a time, in the order of their ids. */
export function usedSinceQuery(
  since: Date,
  after: string | null,
  options: ListingOptions,
): ListingQuery {
  const { prefix, columns, owner, limit } = options;
  const filtered = conditionsOf(options);
  return {
    sql: `select ${columns} from ${prefix}session
      where owner = ? and last_activity_at >= ? and id > ?${filtered.sql} order by id limit ?`,
    params: [JSON.stringify(owner), since.getTime(), after ?? '', ...filtered.params, limit],
  };
}

function conditionsOf({ prefix, server, owner, filter }: ListingOptions): ListingQuery {
  const conditions: string[] = [];
  const params: SqlValue[] = [];
  const add = (condition: string, ...values: SqlValue[]) => {
    conditions.push(` and ${condition}`);
    params.push(...values);
  };
  const { archived, title, metadata = {}, states } = filter;
  // Not a parameter, so that the index of these records is used.
  if (archived !== undefined) add(`archived = ${Number(archived)}`);
  if (title !== undefined) add('instr(searched_title, ?) > 0', title);
  const [first, ...others] = termsOf(metadata);
  const term = `${prefix}metadata_term`;
  if (first !== undefined) {
    const owned = JSON.stringify(owner);
    add(`id in (select session_id from ${term} where owner = ? and term = ?)`, owned, first);
  }
  // One statement for any number of them, because each one stays prepared.
  if (others.length > 0) {
    add(
      `not exists (select 1 from json_each(?) as wanted where not exists (
        select 1 from ${term} where session_id = ${prefix}session.id and term = wanted.value))`,
      JSON.stringify(others),
    );
  }
  if (states && !states.includes('dormant')) {
    const possible = [
      ...(states.includes('running') || states.includes('awaiting') ? ['is_unfinished = 1'] : []),
      ...(states.includes('awaiting')
        ? [`exists (select 1 from ${prefix}open_request where session_id = ${prefix}session.id)`]
        : []),
    ];
    const isIdle = states.includes('idle');
    if (isIdle) possible.push('server = ?');
    add(possible.length > 0 ? `(${possible.join(' or ')})` : '0', ...(isIdle ? [server] : []));
  }
  return { sql: conditions.join(''), params };
}
