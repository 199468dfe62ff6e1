/** Parses the body of a message between servers. Returns null for one that is not JSON, as from another version. */
export function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
