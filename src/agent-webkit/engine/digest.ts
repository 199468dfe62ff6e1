import { createHash } from 'node:crypto';

/** The maximum depth of a value that has a canonical form. */
const MAX_DEPTH = 1000;

/** A value is nested too deeply for a canonical form. */
export class TooDeepError extends Error {
  constructor() {
    super(`A value is nested more than ${MAX_DEPTH} levels deep.`);
    this.name = 'TooDeepError';
  }
}

/** Returns the SHA-256 of the canonical JSON of a value, as `sha256:` and 64 hexadecimal digits. */
export function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}

/**
 * Returns the JSON of a value in the form of RFC 8785: without white space, and with the properties of objects in the order
 * of their UTF-16 code units. Members that JSON cannot express are left out, as `JSON.stringify` does.
 *
 * @throws TooDeepError
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) throw new TooDeepError();
  if (hasToJson(value)) return canonicalJson(value.toJSON(), depth + 1);
  if (Array.isArray(value)) {
    return `[${value.map((item: unknown) => canonicalJson(item, depth + 1)).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => JSON_TYPES.has(typeof member))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member, depth + 1)}`);
  return `{${members.join(',')}}`;
}

const JSON_TYPES: ReadonlySet<string> = new Set(['object', 'string', 'number', 'boolean']);

function hasToJson(value: unknown): value is { toJSON(): unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'toJSON' in value &&
    typeof value.toJSON === 'function'
  );
}
