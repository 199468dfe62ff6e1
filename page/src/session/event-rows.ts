import type { DeliveredEvent } from '../../../src/agent-webkit/protocol/events.js';

/** A row of the event log: an event, or a change of the connection. */
export type Row =
  | {
      readonly kind: 'event';
      readonly event: DeliveredEvent;
      /** When the server appended the event, in milliseconds since 1970. */
      readonly at: number;
      /** True when the event happened before this page connected. */
      readonly isReplayed: boolean;
    }
  | { readonly kind: 'mark'; readonly text: string; readonly at: number };

/**
 * Makes the row of an event.
 *
 * @param receivedAt the time of an event that an earlier server stored without one
 */
export function eventRow(event: DeliveredEvent, isReplayed: boolean, receivedAt: number): Row {
  const appendedAt = Date.parse(event.data.time);
  return { kind: 'event', event, at: appendedAt || receivedAt, isReplayed };
}

/** The maximum number of rows. The oldest ones are dropped first. */
const MAX_ROWS = 50_000;

export function addRows(rows: readonly Row[], news: readonly Row[]): readonly Row[] {
  const all = rows.concat(news);
  return all.length > MAX_ROWS ? all.slice(-MAX_ROWS) : all;
}

const texts = new WeakMap<Row, string>();

/** Returns the payload on one line. */
export function rowText(row: Row): string {
  if (row.kind === 'mark') return row.text;
  const known = texts.get(row);
  if (known !== undefined) return known;
  const text = JSON.stringify(row.event.data);
  texts.set(row, text);
  return text;
}

const PREVIEW_CHARS = 240;

/** Returns a short preview of the payload: its values without ids, types and brackets. */
export function rowPreview(row: Row): string {
  if (row.kind === 'mark') return row.text;
  const parts: string[] = [];
  const { time: _, ...data } = row.event.data;
  collect(data, '', parts);
  return parts.join('  ').slice(0, PREVIEW_CHARS) || rowText(row);
}

function collect(value: unknown, name: string, parts: string[]): void {
  if (parts.length >= 12) return;
  if (typeof value !== 'object' || value === null) {
    parts.push(
      `${name === '' ? '' : `${name}: `}${JSON.stringify(value)?.slice(0, PREVIEW_CHARS)}`,
    );
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    if (/(?:^|_)id$|^type$|^role$/.test(key)) continue;
    collect(child, Array.isArray(value) ? name : key, parts);
  }
}

export interface Filtered {
  readonly rows: readonly Row[];
  readonly filter: string;
  readonly matches: readonly Row[];
}

/**
 * Returns the rows that contain every word of the filter in their name, id or payload. When rows were
 * only added, earlier rows are not checked again.
 */
export function filterRows(
  rows: readonly Row[],
  filter: string,
  before: Filtered | null,
): Filtered {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return { rows, filter, matches: rows };
  const isLonger =
    before !== null &&
    before.filter === filter &&
    rows.length >= before.rows.length &&
    rows[0] === before.rows[0];
  const from = isLonger ? before.rows.length : 0;
  const added = rows.slice(from).filter((row) => {
    const name = row.kind === 'event' ? `${row.event.id} ${row.event.event}` : '';
    const text = `${name} ${rowText(row)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return { rows, filter, matches: isLonger ? before.matches.concat(added) : added };
}
