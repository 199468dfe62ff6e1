import { useState } from 'react';
import { Code } from './code/code.js';
import { CopyButton } from './code/copy-button.js';

/** The length that is shown at first. The rest is shown on request, because browsers are slow with megabytes of text. */
const MAX_CHARS = 8_000;

interface PayloadProps {
  text: string;
  label?: string;
  /** The language of the text, in whose colors it is shown. */
  language?: string;
}

/** Preformatted text, such as a command, the output of a tool, or JSON. */
export function Payload({ text, label, language = '' }: PayloadProps) {
  const [isWhole, setWhole] = useState(false);
  const isLong = text.length > MAX_CHARS && !isWhole;
  return (
    <div className="payload">
      <div className="payload-label">
        <span>{label}</span>
        <CopyButton text={text} what={label ?? 'text'} />
      </div>
      <pre tabIndex={0}>
        <Code text={isLong ? `${text.slice(0, MAX_CHARS)}…` : text} language={language} />
      </pre>
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
