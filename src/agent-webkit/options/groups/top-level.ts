import type { Bus } from '../../engine/bus.js';
import type { Caller } from '../../engine/caller.js';
import type { StorageProvider } from '../../engine/storage.js';
import type { Descriptors } from '../descriptor.js';
import { hidden, listOf, type Rule, splitEntries, textLike } from '../rules.js';

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

/** The options that belong to no group. */
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

  /**
   * Carries short messages between servers that share a storage, so that a server need not look into the storage to
   * learn about events and messages of the others. `'none'` for no bus: servers then look each second. Has no
   * effect with a storage that servers cannot share.
   *
   * @default the bus of the storage: LISTEN and NOTIFY with PostgreSQL
   */
  readonly bus?: Bus | 'none';
}

/**
 * Bearer tokens. Neither an owner nor a token contains a space, so that `ann` and `ann ` cannot be
 * two owners. An empty entry in a variable is rejected, because it may be a missing token.
 */
export const tokenList = {
  ...listOf('tokens, each token or owner:token', textLike('a token', /^(?:[^:\s]+:\S+|[^\s:]+)$/)),
  show: (value: unknown) => showTokens(typeof value === 'string' ? splitEntries(value) : value),
  text: {
    words: 'a comma-separated list of tokens, each token or owner:token',
    parse: splitEntries,
  },
} satisfies Rule<readonly string[]>;

const authRule: Rule<AuthOptions> = {
  words: "{ tokens: ['owner:token' or 'token', ...] }, { verify: a function } or 'none'",
  accepts: (value): value is AuthOptions => {
    if (value === 'none') return true;
    if (typeof value !== 'object' || value === null) return false;
    if ('tokens' in value === 'verify' in value) return false;
    if ('verify' in value) return typeof value.verify === 'function';
    return 'tokens' in value && tokenList.accepts(value.tokens);
  },
  allowsNull: false,
  show: (value) =>
    typeof value === 'object' && value !== null && 'tokens' in value && !('verify' in value)
      ? showTokens(value.tokens)
      : hidden(),
};

/** Describes a rejected list of tokens by the entry that is missing, without showing a token. */
function showTokens(tokens: unknown): string {
  if (!Array.isArray(tokens)) return hidden();
  if (tokens.length === 0) return 'an empty list of tokens';
  const place = (index: number) => `token ${index + 1} of ${tokens.length}`;
  for (const [index, token] of tokens.entries()) {
    if (typeof token !== 'string')
      return `${token === null ? 'null' : typeof token} as ${place(index)}`;
    if (token.trim() === '') return `an empty text as ${place(index)}`;
    if (/^[^:\s]+:\s*$/.test(token)) return `an owner without a token as ${place(index)}`;
  }
  return hidden();
}

const storageRule: Rule<StorageProvider> = {
  words: 'a StorageProvider: { durable, events, records }',
  accepts: (value): value is StorageProvider => {
    if (typeof value !== 'object' || value === null) return false;
    const { events, records, durable } = value as Partial<StorageProvider>;
    return Boolean(events) && Boolean(records) && typeof durable === 'boolean';
  },
  allowsNull: false,
  show: hidden,
};

const busRule: Rule<Bus | 'none'> = {
  words: "a Bus: { maxBytes, open, send, close }, or 'none'",
  accepts: (value): value is Bus | 'none' => {
    if (value === 'none') return true;
    if (typeof value !== 'object' || value === null) return false;
    const { maxBytes, open, send, close } = value as Partial<Bus>;
    return (
      typeof maxBytes === 'number' &&
      [open, send, close].every((method) => typeof method === 'function')
    );
  },
  allowsNull: false,
  show: hidden,
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
      'The storage of sessions. While it does not respond, requests that need it are rejected with 503 `storage_unavailable`.',
  },
  bus: {
    rule: busRule,
    default: null,
    defaultText: 'the bus of the storage: LISTEN and NOTIFY with PostgreSQL',
    variable: 'AGENT_WEBKIT_BUS',
    effect:
      "Carries messages between servers that share a storage. While it is away, events of other servers arrive up to a second later; with `'none'`, always.",
  },
} satisfies Descriptors<TopLevelOptions>;
