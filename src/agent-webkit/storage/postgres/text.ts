import { createHash } from 'node:crypto';

const NEEDS_QUOTES = /^"|[\0\p{Surrogate}]/u;

/**
 * Text as PostgreSQL can keep it. It has no place for NUL and for halves of surrogate pairs, which
 * `pg` would replace without a word: text with those is kept as JSON, which escapes them, and so
 * that this is never taken for what it is not, text that begins with a quote is, too.
 */
export function encodeText(text: string): string {
  return NEEDS_QUOTES.test(text) ? JSON.stringify(text) : text;
}

/** The text that was given to {@link encodeText}. */
export function decodeText(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

/** Stands for a text of any length in an index, whose rows have 2,700 bytes at the most. */
export function digest(text: string): string {
  return createHash('sha256').update(JSON.stringify(text)).digest('base64');
}

/**
 * A name as an identifier of SQL.
 *
 * @throws TypeError when no schema can have this name
 */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > 63) {
    throw new TypeError(
      `schema must be a name of 1 to 63 bytes without NUL, received ${JSON.stringify(name)}.`,
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}
