/** The maximum length of a received value in a message, in characters. */
const MAX_LENGTH = 100;

/**
 * Formats a received value for a message. The content of an object is left out, because it may
 * contain a password.
 */
export function showReceived(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return isPlainList(value) ? shorten(JSON.stringify(value)) : 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string') return shorten(`'${value}'`);
  return String(value);
}

function isPlainList(list: readonly unknown[]): boolean {
  return list.every((entry) => typeof entry === 'string' || typeof entry === 'number');
}

function shorten(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}…`;
}
