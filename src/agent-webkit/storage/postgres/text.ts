import { createHash } from 'node:crypto';

const NEEDS_QUOTES = /^"|[\0\p{Surrogate}]/u;

/**
 * Encodes text for PostgreSQL, which cannot store NUL and lone surrogates; `pg` would silently replace
 * them. Text that contains them is stored as JSON, which escapes them. Text that begins with a quote
 * is stored as JSON, too, so that decoding is unambiguous.
 */
export function encodeText(text: string): string {
  return NEEDS_QUOTES.test(text) ? JSON.stringify(text) : text;
}

/** Returns the text that was passed to {@link encodeText}. */
export function decodeText(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

/** Returns a digest that represents a text of any length in an index, whose rows are limited to 2,700 bytes. */
export function digest(text: string): string {
  return createHash('sha256').update(JSON.stringify(text)).digest('base64');
}

/**
 * Returns a name as a quoted SQL identifier.
 *
 * @throws TypeError when the name is not valid for a schema
 */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > 63) {
    throw new TypeError(
      `\`schema\` must be a name of 1 to 63 bytes without NUL, but got ${JSON.stringify(name)}.`,
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}
