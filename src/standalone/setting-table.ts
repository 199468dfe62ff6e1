import type { Descriptor } from '../agent-webkit/options/descriptor.js';
import { tokenList } from '../agent-webkit/options/groups/top-level.js';
import {
  delay,
  hidden,
  integer,
  listOf,
  MAX_TIMER_MS,
  nonEmptyString,
  oneOf,
  type Rule,
  textLike,
} from '../agent-webkit/options/rules.js';

/** Shows the scheme of a URL only, which may contain a password at any place when it is malformed. */
const showScheme = (value: unknown) => `'${/^\w*:/.exec(String(value))?.[0] ?? ''}…'`;

const storage: Rule<string> = {
  ...textLike(
    "'memory:', 'file:<path>' or 'postgres://...'",
    /^(?:memory:$|file:.|postgres(?:ql)?:\/\/.)/,
  ),
  show: showScheme,
};

const bus: Rule<string> = {
  ...textLike(
    "'redis://...', 'rediss://...', 'postgres://...' or 'none'",
    /^(?:none$|rediss?:\/\/.|postgres(?:ql)?:\/\/.)/,
  ),
  show: showScheme,
};

const listenUrl: Rule<string> = {
  ...textLike("'postgres://...'", /^postgres(?:ql)?:\/\/./),
  show: showScheme,
};

const metricsToken: Rule<string> = {
  ...textLike('a token without spaces', /^\S+$/),
  show: hidden,
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
  AGENT_WEBKIT_BUS: {
    rule: bus,
    default: null,
    defaultText: 'LISTEN and NOTIFY on a connection of the storage, if that is PostgreSQL',
    effect:
      'What carries messages between servers that share a PostgreSQL storage: `redis://...`, `rediss://...` for TLS, `postgres://...`, or `none` to look into the storage each second.',
  },
  AGENT_WEBKIT_POSTGRES_LISTEN_URL: {
    rule: listenUrl,
    default: null,
    defaultText: '`AGENT_WEBKIT_STORAGE`',
    effect:
      'The URL of the database itself, for LISTEN and NOTIFY, where `AGENT_WEBKIT_STORAGE` leads to PgBouncer in the mode `transaction`. Only without `AGENT_WEBKIT_BUS`.',
  },
  AGENT_WEBKIT_LEASE_MS: {
    rule: integer(1000, MAX_TIMER_MS),
    default: 8000,
    unit: 'ms',
    effect:
      'For how long a server keeps its sessions in PostgreSQL without renewing its lease. After that time, another server takes over the sessions of one that was killed, frozen or cut off.',
  },
  AGENT_WEBKIT_POSTGRES_POOL_MODE: {
    rule: oneOf(['session', 'transaction']),
    default: 'session' as const,
    effect:
      '`transaction` for PostgreSQL behind a connection pooler in that mode, such as PgBouncer.',
  },
  AGENT_WEBKIT_METRICS_TOKEN: {
    rule: metricsToken,
    default: null,
    defaultText: 'no `GET /metrics` without `AGENT_WEBKIT_METRICS_PORT`',
    effect:
      'Serves [`GET /metrics`](./metrics.md#prometheus) for Prometheus to those who send this bearer token.',
  },
  AGENT_WEBKIT_METRICS_PORT: {
    rule: integer(0, 65_535),
    default: null,
    defaultText: '`PORT`',
    effect: 'Serves `GET /metrics` on a port of its own instead. `0` selects a free one.',
  },
  AGENT_WEBKIT_METRICS_HOST: {
    rule: nonEmptyString,
    default: '127.0.0.1',
    effect:
      'The address of `AGENT_WEBKIT_METRICS_PORT`. Another one than a loopback address requires `AGENT_WEBKIT_METRICS_TOKEN`.',
  },
  AGENT_WEBKIT_ADMIN_TOKEN: {
    rule: tokenList,
    default: null,
    defaultText: 'no routes under `/admin`',
    effect:
      'Bearer tokens of [operators](admin.md), each `token` or `name:token`, separated by commas. They see the sessions of all owners without their content, and can end them.',
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
  AGENT_WEBKIT_LOG: {
    rule: oneOf(['text', 'json']),
    default: 'text' as const,
    effect:
      'The format of the log: `text` for people, or `json`, with one object in each line. See [Logs](logs.md).',
  },
} satisfies Readonly<Record<string, Descriptor<unknown>>>;
