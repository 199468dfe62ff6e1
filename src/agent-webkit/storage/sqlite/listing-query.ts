import { type AllRecordsFilter, type RecordFilter, termsOf } from '../../engine/record-filter.js';
import type { SessionStateName } from '../../protocol/events.js';
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
  const after = position ? ` and ${column} <= ? and (${column} < ? or id > ?)` : '';
  const at = position ? [position.at.getTime(), position.at.getTime(), position.id] : [];
  return ofCaller({ sql: after, params: at }, `${column} desc, id`, options);
}

/** Returns the query of the records of a caller that were used since a time, in the order of their ids. */
export function usedSinceQuery(
  since: Date,
  after: string | null,
  options: ListingOptions,
): ListingQuery {
  const params = [since.getTime(), after ?? ''];
  return ofCaller({ sql: ' and last_activity_at >= ? and id > ?', params }, 'id', options);
}

/** Returns the query of the records of all owners after a position, the newest first. */
export function allQuery(
  position: TimePosition | null,
  {
    prefix,
    columns,
    server,
    limit,
    filter: { owner, states },
  }: Omit<ListingOptions, 'caller' | 'filter'> & { readonly filter: AllRecordsFilter },
): ListingQuery {
  const conditions = ['1'];
  const params: SqlValue[] = [];
  if (owner !== undefined) {
    conditions.push('owner = ?');
    params.push(JSON.stringify(owner));
  }
  if (position) {
    const at = position.at.getTime();
    conditions.push('created_at <= ? and (created_at < ? or id > ?)');
    params.push(at, at, position.id);
  }
  if (states) {
    const { sql, params: values } = isInState(states, prefix, server);
    conditions.push(sql);
    params.push(...values);
  }
  return {
    sql: `select ${columns} from ${prefix}session where ${conditions.join(' and ')}
      order by created_at desc, id limit ?`,
    params: [...params, limit],
  };
}

/**
 * Returns the query of the first records of which a caller is the owner or a member. Each of the two is a query of its
 * own, so that both are answered in the order of an index.
 */
function ofCaller(condition: ListingQuery, order: string, options: ListingOptions): ListingQuery {
  const { prefix, columns, caller, limit } = options;
  const id = JSON.stringify(caller);
  const [owned, shared] = [conditionsOf(options, false), conditionsOf(options, true)];
  const part = (of: string, filtered: ListingQuery) =>
    `select * from (select ${columns} from ${prefix}session where ${of}${condition.sql}${filtered.sql}
      order by ${order} limit ?)`;
  const members = `select session_id from ${prefix}session_member where member = ?`;
  return {
    sql: `${part('owner = ?', owned)} union all ${part(`id in (${members})`, shared)}
      order by ${order} limit ?`,
    // prettier-ignore
    params: [
      id, ...condition.params, ...owned.params, limit,
      id, ...condition.params, ...shared.params, limit,
      limit,
    ],
  };
}

/** @param isShared true when the caller does not own the records */
function conditionsOf(
  { prefix, server, caller, filter }: ListingOptions,
  isShared: boolean,
): ListingQuery {
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
  const terms = termsOf(metadata);
  const [first, ...others] = isShared ? [undefined, ...terms] : terms;
  const term = `${prefix}metadata_term`;
  if (first !== undefined) {
    const owned = JSON.stringify(caller);
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
  if (states) {
    const { sql, params: values } = isInState(states, prefix, server);
    add(sql, ...values);
  }
  return { sql: conditions.join(''), params };
}

/** Returns the condition that a session can be in one of these states. */
function isInState(
  states: readonly SessionStateName[],
  prefix: string,
  server: string,
): ListingQuery {
  if (states.includes('dormant')) return { sql: '1', params: [] };
  const possible = [
    ...(states.includes('running') || states.includes('awaiting') ? ['is_unfinished = 1'] : []),
    ...(states.includes('awaiting')
      ? [`exists (select 1 from ${prefix}open_request where session_id = ${prefix}session.id)`]
      : []),
  ];
  const isIdle = states.includes('idle');
  if (isIdle) possible.push('server = ?');
  const sql = possible.length > 0 ? `(${possible.join(' or ')})` : '0';
  return { sql, params: isIdle ? [server] : [] };
}
