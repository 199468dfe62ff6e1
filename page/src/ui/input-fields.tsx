import { Payload, toJson } from './payload.js';

/** Longer than this, a value stands under its name. */
const SHORT_CHARS = 100;

/** The fields of a tool's input: short ones beside their names, text on several lines as it is. */
export function InputFields({ input }: { input: unknown }) {
  if (typeof input !== 'object' || input === null) return <Payload text={toJson(input)} />;
  const entries = Object.entries(input);
  if (entries.length === 0) return <p className="hint">It takes no input.</p>;
  return (
    <dl className="input-fields">
      {entries.map(([name, value]) => {
        const text = typeof value === 'string' ? value : toJson(value);
        const isShort = text.length <= SHORT_CHARS && !text.includes('\n');
        return (
          <div key={name} data-short={isShort || undefined}>
            <dt>{name}</dt>
            <dd>{isShort ? <code>{text}</code> : <Payload text={text} />}</dd>
          </div>
        );
      })}
    </dl>
  );
}
