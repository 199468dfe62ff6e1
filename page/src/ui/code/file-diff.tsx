import { useMemo, useState } from 'react';
import { countChanges, diffLines, type DiffRow, toRows } from './diff.js';
import type { FileChange } from './file-change.js';

/** The number of rows that are shown at first. */
const MAX_ROWS = 300;

const SIGNS = { added: '+', removed: '−', same: ' ' } as const;
const NAMES = { added: 'Added: ', removed: 'Removed: ', same: '' } as const;

/** The change of a file, as a unified diff. */
export function FileDiff({ change }: { change: FileChange }) {
  const { path, edits, isWhole } = change;
  const parts = useMemo(() => edits.map(({ before, after }) => diffLines(before, after)), [edits]);
  const { added, removed } = countChanges(parts.flat());
  const isEverywhere = edits.some((edit) => edit.isEverywhere);
  return (
    <figure className="file-diff">
      <figcaption>
        <code className="file-path">{path}</code>
        {isWhole ? <span>whole file</span> : null}
        {isEverywhere ? <span>each occurrence</span> : null}
        <span className="diff-counts">
          <span className="diff-added">
            +{added}
            <span className="visually-hidden"> lines</span>
          </span>{' '}
          <span className="diff-removed">
            −{removed}
            <span className="visually-hidden"> lines</span>
          </span>
        </span>
      </figcaption>
      <div className="diff" tabIndex={0} role="group" aria-label={`Changes of ${path}`}>
        {parts.map((lines, index) => (
          <DiffPart key={index} rows={toRows(lines)} />
        ))}
      </div>
    </figure>
  );
}

function DiffPart({ rows }: { rows: readonly DiffRow[] }) {
  const [isWhole, setWhole] = useState(false);
  const isLong = rows.length > MAX_ROWS && !isWhole;
  return (
    <div className="diff-part">
      {(isLong ? rows.slice(0, MAX_ROWS) : rows).map((row, index) => (
        <Row key={index} row={row} />
      ))}
      {isLong ? (
        <button type="button" className="link" onClick={() => setWhole(true)}>
          Show all {rows.length.toLocaleString('en')} lines
        </button>
      ) : null}
    </div>
  );
}

function Row({ row }: { row: DiffRow }) {
  if (row.kind === 'gap')
    return (
      <div className="diff-gap">
        {row.count} unchanged {row.count === 1 ? 'line' : 'lines'}
      </div>
    );
  const { kind, text, from, to } = row;
  return (
    <div className="diff-line" data-kind={kind}>
      <span className="diff-sign" aria-hidden="true">
        {SIGNS[kind]}
      </span>
      <code>
        <span className="visually-hidden">{NAMES[kind]}</span>
        {from === undefined || to === undefined ? (
          text || ' '
        ) : (
          <>
            {text.slice(0, from)}
            {from < to ? <mark>{text.slice(from, to)}</mark> : null}
            {text.slice(to)}
          </>
        )}
      </code>
    </div>
  );
}
