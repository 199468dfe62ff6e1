import type { RequestExpiryData } from '../protocol/events.js';
import { firstMatch } from './tool-names.js';

/** How long the requests of a tool stay open without a reply, and what is decided then. */
export interface RequestExpiry {
  /** In milliseconds. */
  readonly afterMs: number;
  /** `allow` runs the call with the input that the agent sent. Questions, and requests that need several approvals, are denied in any case. */
  readonly decision: 'deny' | 'allow';
}

/** The expiry of requests by the name of their tool, in which `*` stands for any text. The first name that matches counts. */
export type RequestExpiryByTool = Readonly<Record<string, RequestExpiry>>;

/**
 * Returns when a request of a tool expires, for its event; undefined when it stays open.
 *
 * @param mustBeDenied true for a request that only a person may allow
 * @param defaultMs the time for tools without an expiry of their own, which are denied; null for no limit
 * @param now in milliseconds since 1970
 */
export function expiryOf(
  toolName: string,
  mustBeDenied: boolean,
  byTool: RequestExpiryByTool,
  defaultMs: number | null,
  now: number,
): (RequestExpiryData & { readonly afterMs: number }) | undefined {
  const own = firstMatch(byTool, toolName);
  const afterMs = own?.afterMs ?? defaultMs;
  if (afterMs === null) return undefined;
  const decision = mustBeDenied ? 'deny' : (own?.decision ?? 'deny');
  return { at: new Date(now + afterMs).toISOString(), decision, afterMs };
}
