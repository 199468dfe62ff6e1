import type { RequestExpiryData } from '../protocol/events.js';

/** How long the requests of a tool stay open without a reply, and what is decided then. */
export interface RequestExpiry {
  /** In milliseconds. */
  readonly afterMs: number;
  /** `allow` runs the call with the input that the agent sent. Questions are denied in any case. */
  readonly decision: 'deny' | 'allow';
}

/** The expiry of requests by the name of their tool, in which `*` stands for any text. The first name that matches counts. */
export type RequestExpiryByTool = Readonly<Record<string, RequestExpiry>>;

/**
 * Returns when a request of a tool expires, for its event; undefined when it stays open.
 *
 * @param defaultMs the time for tools without an expiry of their own, which are denied; null for no limit
 * @param now in milliseconds since 1970
 */
export function expiryOf(
  toolName: string,
  isQuestion: boolean,
  byTool: RequestExpiryByTool,
  defaultMs: number | null,
  now: number,
): (RequestExpiryData & { readonly afterMs: number }) | undefined {
  const [, own] = Object.entries(byTool).find(([name]) => matches(name, toolName)) ?? [];
  const afterMs = own?.afterMs ?? defaultMs;
  if (afterMs === null) return undefined;
  const decision = isQuestion ? 'deny' : (own?.decision ?? 'deny');
  return { at: new Date(now + afterMs).toISOString(), decision, afterMs };
}

/** Returns true when a name in which `*` stands for any text is the name of a tool. */
function matches(name: string, toolName: string): boolean {
  const [first = '', ...others] = name.split('*');
  const last = others.pop();
  if (last === undefined) return name === toolName;
  if (!toolName.startsWith(first)) return false;
  let from = first.length;
  for (const part of others) {
    const at = toolName.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return toolName.length - last.length >= from && toolName.endsWith(last);
}
