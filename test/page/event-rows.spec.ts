import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { DeliveredEvent } from '../../src/agent-webkit/protocol/events.js';
import {
  addRows,
  eventRow,
  filterRows,
  type Row,
  rowPreview,
} from '../../page/src/session/event-rows.js';
import { asked, delta, numbered, result, said } from './page-events.js';

const rowsOf = (...events: Parameters<typeof numbered>[0]): Row[] =>
  numbered(events).map((event) => ({ kind: 'event', event, at: 0, isReplayed: false }));
const ids = (rows: readonly Row[]) =>
  rows.map((row) => (row.kind === 'event' ? row.event.id : row.text));

describe('the event log on the page', () => {
  it('shows when the server appended an event, and its arrival if it has no time', () => {
    const [event] = numbered([result()]);
    const at = (data: object) => eventRow({ ...event, data } as DeliveredEvent, true, 5);
    const time = '2026-11-26T16:07:14.938Z';
    expect(at({ time })).toMatchObject({ at: Date.parse(time), isReplayed: true });
    expect(at({})).toMatchObject({ at: 5, isReplayed: true });
  });

  it('filters by every word in the name, the id and the payload', () => {
    const rows = rowsOf(said('a', 'Find Me'), delta('m', 'find'), asked('t'), result());
    expect(ids(filterRows(rows, 'find', null).matches)).toEqual([1, 2]);
    expect(ids(filterRows(rows, 'user find', null).matches)).toEqual([1]);
    expect(ids(filterRows(rows, 'PERMISSION', null).matches)).toEqual([3]);
    expect(ids(filterRows(rows, '4 result', null).matches)).toEqual([4]);
    expect(filterRows(rows, '  ', null).matches).toBe(rows);
  });

  it('finds the same rows when rows are added gradually or the oldest are dropped', () => {
    const filter = fc.constantFrom('', 'a', 'b', 'delta');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(fc.constantFrom('a', 'b', 'ab')), filter, fc.boolean())),
        (steps) => {
          let rows: readonly Row[] = [];
          let filtered = null;
          for (const [texts, words, isShortened] of steps) {
            rows = addRows(rows, rowsOf(...texts.map((text) => delta('m', text))));
            if (isShortened) rows = rows.slice(1);
            filtered = filterRows(rows, words, filtered);
            expect(filtered.matches).toEqual(filterRows(rows, words, null).matches);
          }
        },
      ),
    );
  });

  it('shows a short preview of a payload', () => {
    const [text, ask] = rowsOf(delta('m', 'Hello'), asked('t'));
    expect(text && rowPreview(text)).toBe('text: "Hello"');
    expect(ask && rowPreview(ask)).toBe('tool_name: "Bash"');
    expect(rowPreview({ kind: 'mark', text: 'cut', at: 0 })).toBe('cut');
  });
});
