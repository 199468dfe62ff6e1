import { Payload, toJson } from './payload.js';

/** The length in characters above which a value is shown below its name. */
const SHORT_CHARS = 100;

/** The fields of a tool's input: short values beside their names, longer text below. */
export function InputFields({ input }: { input: unknown }) {
  if (typeof input !== 'object' || input === null)
    return <Payload text={toJson(input)} language="json" />;
  const entries = Object.entries(input);
  if (entries.length === 0) return <p className="hint">No input.</p>;
  return (
    <dl className="input-fields">
      {entries.map(([name, value]) => {
        const isText = typeof value === 'string';
        const text = isText ? value : toJson(value);
        const isShort = text.length <= SHORT_CHARS && !text.includes('\n');
        return (
          <div key={name} data-short={isShort || undefined}>
            <dt>{name}</dt>
            <dd>
              {isShort ? (
                <code>{text}</code>
              ) : (
                <Payload text={text} language={isText ? '' : 'json'} />
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
