import type { Caller } from '../../engine/caller.js';
import type { StorageProvider } from '../../engine/storage.js';
import type { Descriptors } from '../descriptor.js';
import type { Rule } from '../rules.js';

/** An HTTP request as the host's adapter provides it: Express's, or Fastify's. */
export interface AgentWebkitRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * How callers authenticate.
 *
 * - `{ tokens }`: static bearer tokens, each `owner:token`, or `token` for the owner `default`.
 * - `{ verify }`: a function of the request that returns its caller, or null to reject it with 401.
 * - `'none'`: every request is accepted, as one and the same caller. For a server that only you can reach.
 *
 * A Nest guard of your own replaces this option: pass its class as `guard` beside the options.
 */
export type AuthOptions =
  | 'none'
  | { readonly tokens: readonly string[] }
  | { readonly verify: (request: AgentWebkitRequest) => Caller | null | Promise<Caller | null> };

/** The options that stand in no group. */
export interface TopLevelOptions {
  /**
   * How callers authenticate. Required, unless a `guard` class is passed: no server is open by
   * omission.
   *
   * @default required
   */
  readonly auth?: AuthOptions;

  /**
   * The storage of sessions.
   *
   * @default `new MemoryStorage()`: sessions are lost when the server stops
   */
  readonly storage?: StorageProvider;
}

/** Accepts `token` and `owner:token`. An owner has no spaces, so that `ann` and `ann ` are not two. */
export function isToken(entry: unknown): entry is string {
  return typeof entry === 'string' && /^(?:[^:\s]+:\S+|[^\s:]+)$/.test(entry);
}

const authRule: Rule<AuthOptions> = {
  words: "{ tokens: ['owner:token' or 'token', ...] }, { verify: a function } or 'none'",
  accepts: (value): value is AuthOptions => {
    if (value === 'none') return true;
    if (typeof value !== 'object' || value === null) return false;
    if ('tokens' in value === 'verify' in value) return false;
    if ('verify' in value) return typeof value.verify === 'function';
    const { tokens } = value as { tokens: unknown };
    return Array.isArray(tokens) && tokens.length > 0 && tokens.every(isToken);
  },
  allowsNull: false,
  isSecret: true,
};

const storageRule: Rule<StorageProvider> = {
  words: 'a StorageProvider: { durable, events, records }',
  accepts: (value): value is StorageProvider => {
    if (typeof value !== 'object' || value === null) return false;
    const { events, records, durable } = value as Partial<StorageProvider>;
    return Boolean(events) && Boolean(records) && typeof durable === 'boolean';
  },
  allowsNull: false,
  isSecret: true,
};

export const TOP_LEVEL = {
  auth: {
    rule: authRule,
    default: null,
    defaultText: 'required',
    variable: 'AGENT_WEBKIT_TOKEN',
    effect:
      "How callers authenticate: `{ tokens }`, `{ verify }` or `'none'`, unless a `guard` is passed. Other requests are rejected with 401.",
  },
  storage: {
    rule: storageRule,
    default: null,
    defaultText: '`new MemoryStorage()`: sessions are lost when the server stops',
    variable: 'AGENT_WEBKIT_STORAGE',
    effect:
      'The storage of sessions. While it does not answer, messages are rejected with 503 `storage_unavailable`.',
  },
} satisfies Descriptors<TopLevelOptions>;
