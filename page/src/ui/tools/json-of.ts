/** Returns a value as JSON, and a mark for one that is deeper than the serializer can go. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '…';
  }
}
