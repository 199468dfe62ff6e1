/** How long a received value may be in a message. */
const MAX_LENGTH = 100;

/**
 * Returns a received value as a message shows it. The content of an object is left out: it may be
 * a client with a password in it.
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
