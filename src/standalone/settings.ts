import { randomBytes } from 'node:crypto';
import type {
  AgentWebkitModuleOptions,
  OptionGroups,
} from '../agent-webkit/options/agent-webkit.options.js';
import type { Accepted } from '../agent-webkit/options/descriptor.js';
import type { AuthOptions } from '../agent-webkit/options/groups/top-level.js';
import { OPTIONS } from '../agent-webkit/options/option-table.js';
import { type Environment, readSetting, SettingError } from './read-setting.js';
import { type MetricsSettings, readMetrics } from './metrics/metrics-settings.js';
import { SERVER_SETTINGS } from './setting-table.js';
import { areSeparate } from '../agent-webkit/http/bearer-tokens.js';
import { isLoopback } from '../agent-webkit/hosting/is-loopback.js';
import { checkWebhookSettings } from './check-webhook-settings.js';
import { findUnknownVariables } from './unknown-variables.js';

/** The settings of the standalone server. */
export interface Settings {
  host: string;
  port: number;
  agent: 'claude' | 'demo';
  /** The reason for this agent; null where it was chosen by a variable. */
  agentReason: string | null;
  storage: string;
  /** The URL of the bus between servers, or `none`; null for that of the storage. */
  bus: string | null;
  /** How long to retry at the start while PostgreSQL cannot be reached, in milliseconds. */
  storageOpenTimeoutMs: number;
  /** For how long a lease in PostgreSQL is valid, in milliseconds. */
  leaseMs: number;
  /** The mode of a pooler before PostgreSQL. */
  poolMode: 'session' | 'transaction';
  /** The origins that browsers may call from; `*` for all, null for the server's own. */
  corsOrigin: '*' | readonly string[] | null;
  maxBody: string;
  /** How `GET /metrics` is served; null where it is not. */
  metrics: MetricsSettings | null;
  /** The tokens of operators; null without routes for them. */
  adminTokens: readonly string[] | null;
  /** The format of the log. */
  log: 'text' | 'json';
  /** The token generated for this run; null where tokens are configured or none is needed. */
  generatedToken: string | null;
  /** The token in the printed commands; null where none is needed. */
  sampleToken: string | null;
  module: AgentWebkitModuleOptions;
  /** Variables that are ignored because they do not exist, a sentence for each. */
  warnings: readonly string[];
}

const CREDENTIALS = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_VERTEX',
];

/**
 * Reads the settings of the standalone server from its environment.
 *
 * @throws SettingError which names the variable
 */
export function readSettings(env: Environment): Settings {
  const auth = readAuth(env);
  const host = read(env, 'HOST') ?? SERVER_SETTINGS.HOST.default;
  if (auth.options === 'none' && !isLoopback(host)) {
    throw new SettingError(
      `HOST must be a loopback address while AGENT_WEBKIT_NO_AUTH=1, but got '${host}'. ` +
        'Set AGENT_WEBKIT_TOKEN instead of AGENT_WEBKIT_NO_AUTH, or unset HOST.',
    );
  }
  const { notify = {}, ...options } = readOptions(env);
  checkWebhookSettings(notify);
  const storage = read(env, 'AGENT_WEBKIT_STORAGE') ?? SERVER_SETTINGS.AGENT_WEBKIT_STORAGE.default;
  const credential = CREDENTIALS.find((name) => env[name]);
  const agent = read(env, 'AGENT_WEBKIT_AGENT');
  const origins = read(env, 'AGENT_WEBKIT_CORS_ORIGIN');
  return {
    host,
    port: read(env, 'PORT') ?? SERVER_SETTINGS.PORT.default,
    agent: agent ?? (credential ? 'claude' : 'demo'),
    agentReason: agent ? null : credential ? `${credential} is set` : 'no credentials are set',
    storage,
    bus: readBus(env, storage),
    storageOpenTimeoutMs:
      read(env, 'AGENT_WEBKIT_STORAGE_OPEN_TIMEOUT_MS') ??
      SERVER_SETTINGS.AGENT_WEBKIT_STORAGE_OPEN_TIMEOUT_MS.default,
    leaseMs: read(env, 'AGENT_WEBKIT_LEASE_MS') ?? SERVER_SETTINGS.AGENT_WEBKIT_LEASE_MS.default,
    poolMode:
      read(env, 'AGENT_WEBKIT_POSTGRES_POOL_MODE') ??
      SERVER_SETTINGS.AGENT_WEBKIT_POSTGRES_POOL_MODE.default,
    corsOrigin: origins?.length === 1 && origins[0] === '*' ? '*' : (origins ?? null),
    log: read(env, 'AGENT_WEBKIT_LOG') ?? SERVER_SETTINGS.AGENT_WEBKIT_LOG.default,
    maxBody: read(env, 'AGENT_WEBKIT_MAX_BODY') ?? SERVER_SETTINGS.AGENT_WEBKIT_MAX_BODY.default,
    metrics: readMetrics(env),
    adminTokens: readAdminTokens(env, auth.options),
    generatedToken: auth.generated,
    sampleToken: auth.sample,
    module: {
      auth: auth.options,
      ...options,
      ...(notify.url !== undefined && { notify }),
    },
    warnings: findUnknownVariables(env),
  };
}

/** Returns the setting of the bus, and rejects one that would have no effect. */
function readBus(env: Environment, storage: string): string | null {
  const bus = read(env, 'AGENT_WEBKIT_BUS');
  const listenUrl = read(env, 'AGENT_WEBKIT_POSTGRES_LISTEN_URL');
  if (bus !== undefined && listenUrl !== undefined) {
    throw new SettingError(
      'AGENT_WEBKIT_POSTGRES_LISTEN_URL must be unset while AGENT_WEBKIT_BUS is set. Unset one of the two.',
    );
  }
  const name = bus === undefined ? 'AGENT_WEBKIT_POSTGRES_LISTEN_URL' : 'AGENT_WEBKIT_BUS';
  const url = bus ?? listenUrl ?? null;
  if (url === null || url === 'none' || storage.startsWith('postgres')) return url;
  throw new SettingError(
    `${name} must be unset, because only servers with PostgreSQL share their storage. Unset it, or set ` +
      'AGENT_WEBKIT_STORAGE to postgres://....',
  );
}

type ServerSettings = typeof SERVER_SETTINGS;

function read<Variable extends keyof ServerSettings>(
  env: Environment,
  variable: Variable,
): Accepted<ServerSettings[Variable]> | undefined {
  const value = readSetting(env, variable, SERVER_SETTINGS[variable]);
  return value as Accepted<ServerSettings[Variable]> | undefined;
}

/** Reads the options whose values a variable can hold. */
function readOptions(env: Environment): OptionGroups {
  const options: Record<string, Record<string, unknown>> = {};
  for (const { group, name, descriptor } of OPTIONS) {
    if (group === null || descriptor.variable === undefined) continue;
    const value = readSetting(env, descriptor.variable, descriptor);
    if (value !== undefined) (options[group] ??= {})[name] = value;
  }
  return options;
}

interface Auth {
  options: AuthOptions;
  generated: string | null;
  sample: string | null;
}

function readAuth(env: Environment): Auth {
  // Such as `TOKEN=$SECRET` without the secret: another token must not be generated in its place.
  if (env['AGENT_WEBKIT_TOKEN']?.trim() === '') {
    throw new SettingError(
      'AGENT_WEBKIT_TOKEN must not be empty. Set a token, or unset the variable for the default: ' +
        `${SERVER_SETTINGS.AGENT_WEBKIT_TOKEN.defaultText}.`,
    );
  }
  const tokens = read(env, 'AGENT_WEBKIT_TOKEN');
  const isOpen = read(env, 'AGENT_WEBKIT_NO_AUTH') === '1';
  if (tokens && isOpen) {
    throw new SettingError(
      'AGENT_WEBKIT_NO_AUTH must be unset while AGENT_WEBKIT_TOKEN is set. Unset one of the two.',
    );
  }
  if (isOpen) return { options: 'none', generated: null, sample: null };
  if (tokens) return { options: { tokens }, generated: null, sample: '$TOKEN' };
  if (env['NODE_ENV'] === 'production') {
    throw new SettingError(
      'AGENT_WEBKIT_TOKEN must be set while NODE_ENV is production. Set it, or set ' +
        'AGENT_WEBKIT_NO_AUTH=1 for a server that only you can reach.',
    );
  }
  const generated = randomBytes(16).toString('hex');
  return { options: { tokens: [`default:${generated}`] }, generated, sample: generated };
}

/** Returns the tokens of operators; null without any. */
function readAdminTokens(env: Environment, auth: AuthOptions): readonly string[] | null {
  // Such as `TOKEN=$SECRET` without the secret.
  if (env['AGENT_WEBKIT_ADMIN_TOKEN']?.trim() === '') {
    throw new SettingError(
      'AGENT_WEBKIT_ADMIN_TOKEN must not be empty. Set a token, or unset the variable.',
    );
  }
  const tokens = read(env, 'AGENT_WEBKIT_ADMIN_TOKEN') ?? null;
  const ofCallers = typeof auth === 'object' && 'tokens' in auth ? auth.tokens : [];
  const ofMetrics = read(env, 'AGENT_WEBKIT_METRICS_TOKEN');
  // Without an owner in it.
  const others = [...ofCallers, ...(ofMetrics === undefined ? [] : [`:${ofMetrics}`])];
  if (tokens && !areSeparate(tokens, others)) {
    throw new SettingError(
      'AGENT_WEBKIT_ADMIN_TOKEN must not contain a token of AGENT_WEBKIT_TOKEN or AGENT_WEBKIT_METRICS_TOKEN. Use another one for operators.',
    );
  }
  return tokens;
}

/** Returns a storage setting without the part of a connection string that may contain a password. */
export function withoutSecrets(storage: string): string {
  return storage.replace(/:\/\/.*/, '://…');
}
