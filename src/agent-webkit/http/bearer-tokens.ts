import { createHash, timingSafeEqual } from 'node:crypto';
import type { Caller } from '../engine/caller.js';
import type { AgentWebkitRequest } from '../options/groups/top-level.js';

const DEFAULT_OWNER = 'default';

/** Returns the caller of a request by its bearer token; null without a known one. */
export type TokenCheck = (request: AgentWebkitRequest) => Caller | null;

/**
 * Returns the check of static tokens, each `owner:token`, or `token` for the owner `default`. It compares a token's digest with
 * every known one, so that the time taken reveals nothing about them.
 */
export function createTokenCheck(tokens: readonly string[]): TokenCheck {
  const known = tokens.map((entry) => {
    const [id, token] = splitToken(entry);
    return { caller: { id }, digest: digest(token) };
  });
  return (request) => {
    const header = request.headers['authorization'];
    const [, token] = /^Bearer +(\S+) *$/i.exec(typeof header === 'string' ? header : '') ?? [];
    if (token === undefined) return null;
    const given = digest(token);
    let found: Caller | null = null;
    for (const { caller, digest: expected } of known) {
      if (timingSafeEqual(given, expected)) found = caller;
    }
    return found;
  };
}

/** Returns true if no token of a list is in another one, whatever their owners are. */
export function areSeparate(some: readonly string[], others: readonly string[]): boolean {
  const secrets = new Set(others.map((entry) => splitToken(entry)[1]));
  return !some.some((entry) => secrets.has(splitToken(entry)[1]));
}

/** Returns the owner and the secret part of a configured token. */
function splitToken(entry: string): [owner: string, token: string] {
  const colon = entry.indexOf(':');
  const owner = colon === -1 ? DEFAULT_OWNER : entry.slice(0, colon);
  return [owner, entry.slice(colon + 1)];
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
