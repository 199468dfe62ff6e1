import type { Descriptor } from '../agent-webkit/options/descriptor.js';
import { tokenList } from '../agent-webkit/options/groups/top-level.js';
import {
  delay,
  integer,
  listOf,
  nonEmptyString,
  oneOf,
  type Rule,
  textLike,
} from '../agent-webkit/options/rules.js';

const storage: Rule<string> = {
  ...textLike(
    "'memory:', 'file:<path>' or 'postgres://...'",
    /^(?:memory:$|file:.|postgres(?:ql)?:\/\/.)/,
  ),
  // A connection string may contain a password, at any place in a malformed one.
  show: (value) => `'${/^\w*:/.exec(String(value))?.[0] ?? ''}…'`,
};

/**
 * The environment variables that only the standalone server reads. Those of options are in the
 * table of options.
 */
export const SERVER_SETTINGS = {
  HOST: {
    rule: nonEmptyString,
    default: '127.0.0.1',
    effect: 'The address to listen on. With `AGENT_WEBKIT_NO_AUTH`, only a loopback address.',
  },
  PORT: {
    rule: integer(0, 65_535),
    default: 3000,
    effect: 'The port to listen on. `0` selects a free one.',
  },
  AGENT_WEBKIT_TOKEN: {
    rule: tokenList,
    default: null,
    defaultText: 'a token generated for this run, and printed',
    effect:
      'Bearer tokens, each `token` or `owner:token`, separated by commas. Required where `NODE_ENV` is `production`.',
  },
  AGENT_WEBKIT_NO_AUTH: {
    rule: oneOf(['0', '1']),
    default: '0',
    effect: '`1` accepts every request without a token. Only on a loopback address.',
  },
  AGENT_WEBKIT_AGENT: {
    rule: oneOf(['claude', 'demo']),
    default: null,
    defaultText: '`claude` where credentials are set, otherwise `demo`',
    effect: 'The agent: Claude, or a scripted one that needs no credentials.',
  },
  AGENT_WEBKIT_STORAGE: {
    rule: storage,
    default: 'memory:',
    effect: 'The storage of sessions: `memory:`, `file:./data/sessions.db` or `postgres://...`.',
  },
  AGENT_WEBKIT_STORAGE_OPEN_TIMEOUT_MS: {
    rule: delay,
    default: 60_000,
    unit: 'ms',
    effect:
      'How long the server retries at its start while PostgreSQL cannot be reached. It then exits with an error.',
  },
  AGENT_WEBKIT_MAX_BODY: {
    rule: textLike('a size such as 500kb or 10mb', /^\d+(?:b|kb|mb)?$/i),
    default: '10mb',
    effect:
      'Maximum size of a request body. A larger one is rejected with 413 `payload_too_large`.',
  },
  AGENT_WEBKIT_CORS_ORIGIN: {
    rule: listOf('origins', nonEmptyString),
    default: null,
    defaultText: "only the server's own origin",
    effect: 'Origins that browsers may call from, separated by commas. `*` allows all.',
  },
} satisfies Readonly<Record<string, Descriptor<unknown>>>;
