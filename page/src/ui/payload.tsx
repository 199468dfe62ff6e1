import { useState } from 'react';

/** The length that is shown at first. The rest is shown on request, because browsers are slow with megabytes of text. */
const MAX_CHARS = 8_000;

/** Preformatted text, such as a command, the output of a tool, or JSON. */
export function Payload({ text, label }: { text: string; label?: string }) {
  const [isWhole, setWhole] = useState(false);
  const isLong = text.length > MAX_CHARS && !isWhole;
  return (
    <div className="payload">
      {label === undefined ? null : <div className="payload-label">{label}</div>}
      <pre tabIndex={0}>{isLong ? `${text.slice(0, MAX_CHARS)}…` : text}</pre>
      {isLong ? (
        <button type="button" className="link" onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString('en')} characters
        </button>
      ) : null}
    </div>
  );
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? '';
}
