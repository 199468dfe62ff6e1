import { type ReactNode } from 'react';
import { labelOf } from './labels.js';
import { jsonOf } from './json-of.js';

type Properties = Readonly<Record<string, unknown>>;

/** Deeper values are shown as JSON. */
const MAX_DEPTH = 4;
/** The rows of one table, and the entries of one list. */
const MAX_ROWS = 100;
const MAX_COLUMNS = 12;

/** The outermost table alone scrolls, and can be reached by the keyboard. */
const SCROLLED = { className: 'table-scroll', tabIndex: 0 };

/** The properties of an object, with a name and a value in each row. */
export function PropertyTable({ value, depth = 0 }: { value: Properties; depth?: number }) {
  const entries = Object.entries(value);
  return (
    <div {...(depth === 0 && SCROLLED)}>
      <table className="properties">
        <tbody>
          {entries.slice(0, MAX_ROWS).map(([name, one]) => (
            <tr key={name}>
              <th scope="row">{labelOf(name)}</th>
              <td>
                <PropertyValue value={one} depth={depth + 1} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <More count={entries.length - MAX_ROWS} />
    </div>
  );
}

function PropertyValue({ value, depth }: { value: unknown; depth: number }): ReactNode {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Object.keys(value).length === 0) return '–';
  if (depth > MAX_DEPTH) return <code>{jsonOf(value)}</code>;
  if (!Array.isArray(value)) return <PropertyTable value={value as Properties} depth={depth} />;
  return value.every(isRecord) ? (
    <RowTable rows={value} depth={depth} />
  ) : (
    <ValueList values={value} depth={depth} />
  );
}

/** A list of objects, as a table with a column for each of their properties. */
function RowTable({ rows, depth }: { rows: readonly Properties[]; depth: number }) {
  const shown = rows.slice(0, MAX_ROWS);
  const all = [...new Set(shown.flatMap((row) => Object.keys(row)))];
  const columns = all.slice(0, MAX_COLUMNS);
  return (
    <div>
      <table className="properties">
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {labelOf(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, index) => (
            <tr key={index}>
              {columns.map((name) => (
                <td key={name}>
                  <PropertyValue
                    value={Object.hasOwn(row, name) ? row[name] : null}
                    depth={depth + 1}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <More count={rows.length - MAX_ROWS} />
      <More count={all.length - MAX_COLUMNS} what=" columns" />
    </div>
  );
}

function ValueList({ values, depth }: { values: readonly unknown[]; depth: number }) {
  return (
    <>
      <ul className="property-list">
        {values.slice(0, MAX_ROWS).map((value, index) => (
          <li key={index}>
            <PropertyValue value={value} depth={depth + 1} />
          </li>
        ))}
      </ul>
      <More count={values.length - MAX_ROWS} />
    </>
  );
}

function More({ count, what = '' }: { count: number; what?: string }) {
  return count > 0 ? (
    <p className="hint">
      and {count.toLocaleString('en')} more{what}
    </p>
  ) : null;
}

function isRecord(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
