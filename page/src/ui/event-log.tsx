import { useDeferredValue, useMemo, useRef, useState } from 'react';
import type { ConnectionState } from '../client/stream-watch.js';
import { type Filtered, filterRows, type Row, rowPreview } from '../session/event-rows.js';
import { formatClock } from './format.js';
import { Payload, toJson } from './payload.js';
import { useRowWindow } from './row-window.js';

/** The height of a row; the same as in the style sheet. */
const ROW_PX = 26;

interface EventLogProps {
  rows: readonly Row[];
  connection: ConnectionState;
  onCut: () => void;
}

/** All received events, and the changes of the connection. */
export function EventLog({ rows, connection, onCut }: EventLogProps) {
  const [filter, setFilter] = useState('');
  const [selected, setSelected] = useState<Row | null>(null);
  const matches = useFiltered(rows, useDeferredValue(filter));
  const { scroller, from, to, onScroll, reveal } = useRowWindow(matches.length, ROW_PX);
  const at = selected === null ? -1 : matches.indexOf(selected);

  const move = (step: number) => {
    const next =
      at === -1 ? matches.length - 1 : Math.min(matches.length - 1, Math.max(0, at + step));
    setSelected(matches[next] ?? null);
    reveal(next);
  };
  return (
    <section className="events" aria-label="Event log">
      <header className="pane-head">
        <h2>Events</h2>
        <span className="count">
          {matches.length === rows.length ? rows.length : `${matches.length} of ${rows.length}`}
        </span>
        <button
          type="button"
          onClick={onCut}
          disabled={connection.kind !== 'open'}
          title="Close the connection to see how the page resumes"
        >
          Reconnect
        </button>
      </header>
      <div className="filter">
        <input
          type="search"
          placeholder="Filter by name, id or payload"
          aria-label="Filter events"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      </div>
      <div
        className="rows"
        ref={scroller}
        onScroll={onScroll}
        role="listbox"
        aria-label="Events"
        tabIndex={0}
        aria-activedescendant={at === -1 ? undefined : `event-row-${at}`}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          move(step);
        }}
      >
        <div className="rows-inner" role="presentation" style={{ height: matches.length * ROW_PX }}>
          {matches.slice(from, to).map((row, index) => (
            <RowView
              key={from + index}
              id={`event-row-${from + index}`}
              row={row}
              top={(from + index) * ROW_PX}
              position={from + index + 1}
              count={matches.length}
              isSelected={row === selected}
              onSelect={() => setSelected(row === selected ? null : row)}
            />
          ))}
        </div>
        {rows.length === 0 ? <p className="empty">No events yet.</p> : null}
        {rows.length > 0 && matches.length === 0 ? (
          <p className="empty">No matching events.</p>
        ) : null}
      </div>
      {selected?.kind === 'event' ? (
        <div className="event-detail">
          <header>
            <strong>
              {selected.event.id} · {selected.event.event}
            </strong>
            <span className="hint">
              {formatClock(selected.at)}
              {selected.isReplayed ? ', replayed' : ''}
            </span>
            <button
              type="button"
              className="quiet"
              aria-label="Close payload"
              onClick={() => setSelected(null)}
            >
              ×
            </button>
          </header>
          <Payload text={toJson(selected.event.data)} language="json" />
        </div>
      ) : null}
    </section>
  );
}

interface RowProps {
  id: string;
  row: Row;
  top: number;
  position: number;
  count: number;
  isSelected: boolean;
  onSelect: () => void;
}

function RowView({ id, row, top, position, count, isSelected, onSelect }: RowProps) {
  if (row.kind === 'mark') {
    return (
      <div
        className="row mark"
        style={{ top }}
        id={id}
        role="option"
        aria-selected={false}
        aria-setsize={count}
        aria-posinset={position}
      >
        <span className="row-time">{formatClock(row.at)}</span>
        <span>{row.text}</span>
      </div>
    );
  }
  return (
    <div
      className="row"
      style={{ top }}
      id={id}
      role="option"
      aria-selected={isSelected}
      aria-setsize={count}
      aria-posinset={position}
      data-replayed={row.isReplayed || undefined}
      data-event={row.event.event}
      onClick={onSelect}
    >
      <span className="row-id">{row.event.id}</span>
      <span className="row-time">{formatClock(row.at)}</span>
      <span className="row-name">{row.event.event}</span>
      <span className="row-text">{rowPreview(row)}</span>
    </div>
  );
}

function useFiltered(rows: readonly Row[], filter: string): readonly Row[] {
  const before = useRef<Filtered | null>(null);
  return useMemo(() => {
    before.current = filterRows(rows, filter, before.current);
    return before.current.matches;
  }, [rows, filter]);
}
