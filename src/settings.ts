import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import type {
  AgentWebkitModuleOptions,
  AuthOptions,
} from './agent-webkit/options/agent-webkit.options.js';
import { PERMISSION_MODES } from './agent-webkit/protocol/inbound.js';
import type { PermissionMode } from './agent-webkit/engine/agent-client.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the standalone server was told by its environment. */
export interface Settings {
  host: string;
  port: number;
  agent: 'claude' | 'demo';
  /** Why this agent, where nobody chose it. */
  agentReason: string | null;
  storage: string;
  /** Origins that browsers may call from; `*` for all of them. */
  corsOrigin: string | string[] | null;
  maxBody: string;
  /** The token made for this run, where none was configured. */
  generatedToken: string | null;
  /** A token that opens the server, for the line to paste; null when none is needed. */
  sampleToken: string | null;
  module: AgentWebkitModuleOptions;
}

/** A setting that is wrong, by its name. */
export class SettingError extends Error {
  constructor(name: string, rule: string, received: string | undefined) {
    super(
      `${name} must be ${rule}; received ${received === undefined ? 'nothing' : `'${received}'`}.`,
    );
    this.name = 'SettingError';
  }
}

const MAX_TIMER = 2_147_483_647;
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** The settings that are integers from 1: their names, the module's options for them, their largest value. */
const INTEGERS = [
  ['AGENT_WEBKIT_IDLE_TIMEOUT_MS', 'idleTimeoutMs', MAX_TIMER],
  ['AGENT_WEBKIT_KEEPALIVE_MS', 'keepAliveMs', MAX_TIMER],
  ['AGENT_WEBKIT_MAX_AGENTS', 'maxAgents', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_CONTENT_BLOCKS', 'maxContentBlocks', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_CREATIONS_PER_MINUTE', 'maxCreationsPerMinute', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_EVENTS', 'maxEvents', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_IMAGE_BYTES', 'maxImageBytes', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_LOG_CHARS', 'maxLogChars', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_QUEUED_MESSAGES', 'maxQueuedMessages', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_SESSIONS_PER_OWNER', 'maxSessionsPerOwner', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_SUBSCRIBERS', 'maxSubscribers', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_WAITING_BYTES', 'maxWaitingBytes', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_TEXT_LENGTH', 'maxTextLength', MAX_COUNT],
  ['AGENT_WEBKIT_MAX_TURNS', 'maxTurns', MAX_COUNT],
  ['AGENT_WEBKIT_REQUEST_TIMEOUT_MS', 'requestTimeoutMs', MAX_TIMER],
  ['AGENT_WEBKIT_MAX_EVENT_AGE_MS', 'maxEventAgeMs', MAX_COUNT],
  ['AGENT_WEBKIT_RETENTION_MS', 'retentionMs', MAX_COUNT],
  ['AGENT_WEBKIT_STORAGE_TIMEOUT_MS', 'storageTimeoutMs', MAX_TIMER],
  ['AGENT_WEBKIT_WARM_POOL', 'warmPool', MAX_COUNT],
  ['AGENT_WEBKIT_VERIFY_INTERVAL_MS', 'verifyIntervalMs', MAX_TIMER],
] as const satisfies readonly (readonly [string, keyof AgentWebkitModuleOptions, number])[];

const CREDENTIALS = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_VERTEX',
];

/** Reads the standalone server's settings. @throws SettingError which names what is wrong */
export function readSettings(env: Environment): Settings {
  const auth = readAuth(env);
  const host = env['HOST'] || '127.0.0.1';
  if (auth.options === 'none' && !isLoopback(host)) {
    throw new SettingError('HOST', 'a loopback address where AGENT_WEBKIT_NO_AUTH=1', host);
  }
  const credential = CREDENTIALS.find((name) => env[name]);
  const agent = readChoice(env, 'AGENT_WEBKIT_AGENT', ['claude', 'demo'] as const);
  return {
    host,
    port: readInteger(env, 'PORT', 0, 65_535) ?? 3000,
    agent: agent ?? (credential ? 'claude' : 'demo'),
    agentReason: agent ? null : credential ? `${credential} is set` : 'no credentials are set',
    storage: readStorage(env),
    corsOrigin: readOrigins(env),
    maxBody: readSize(env, 'AGENT_WEBKIT_MAX_BODY') ?? '10mb',
    generatedToken: auth.generated,
    sampleToken: auth.sample,
    module: withoutUndefined({
      auth: auth.options,
      workspace: readFolder(env, 'AGENT_WEBKIT_WORKSPACE'),
      model: env['AGENT_WEBKIT_MODEL'] || undefined,
      permissionModes: readModes(env),
      models: readList(env, 'AGENT_WEBKIT_MODELS'),
      maxBudgetUsd: readAmount(env, 'AGENT_WEBKIT_MAX_BUDGET_USD'),
      ...Object.fromEntries(
        INTEGERS.map(([name, option, max]) => [
          option,
          readInteger(env, name, option === 'warmPool' ? 0 : 1, max),
        ]),
      ),
    }),
  };
}

interface Auth {
  options: AuthOptions;
  generated: string | null;
  sample: string | null;
}

function readAuth(env: Environment): Auth {
  const configured = env['AGENT_WEBKIT_TOKEN'];
  const isOpen = readChoice(env, 'AGENT_WEBKIT_NO_AUTH', ['0', '1'] as const) === '1';
  if (configured && isOpen) {
    throw new SettingError('AGENT_WEBKIT_NO_AUTH', 'unset where AGENT_WEBKIT_TOKEN is set', '1');
  }
  if (isOpen) return { options: 'none', generated: null, sample: null };
  if (configured) {
    const tokens = configured.split(',').map((token) => token.trim());
    // The received value is a secret and is not repeated.
    if (!tokens.every((token) => /^(?:[^:\s]+:\S+|[^\s:]+)$/.test(token))) {
      throw new SettingError('AGENT_WEBKIT_TOKEN', 'token or owner:token, comma-separated', '…');
    }
    return { options: { tokens }, generated: null, sample: '$TOKEN' };
  }
  if (env['NODE_ENV'] === 'production') {
    throw new SettingError(
      'AGENT_WEBKIT_TOKEN',
      'set in production (or AGENT_WEBKIT_NO_AUTH=1, where only you can reach the server)',
      undefined,
    );
  }
  const generated = randomBytes(16).toString('hex');
  return { options: { tokens: [`default:${generated}`] }, generated, sample: generated };
}

/** An address that only this machine reaches. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function readStorage(env: Environment): string {
  const storage = env['AGENT_WEBKIT_STORAGE'] || 'memory:';
  if (/^(?:memory:$|file:.|postgres(?:ql)?:\/\/.)/.test(storage)) return storage;
  throw new SettingError(
    'AGENT_WEBKIT_STORAGE',
    `'memory:', 'file:<path>' or 'postgres://...'`,
    withoutSecrets(storage),
  );
}

/** A connection string may carry a password. */
export function withoutSecrets(storage: string): string {
  return storage.replace(/:\/\/.*/, '://…');
}

function readModes(env: Environment): PermissionMode[] | undefined {
  const listed = readList(env, 'AGENT_WEBKIT_PERMISSION_MODES');
  return listed?.map((entry) => {
    const mode = PERMISSION_MODES.find((known) => known === entry);
    if (mode) return mode;
    throw new SettingError(
      'AGENT_WEBKIT_PERMISSION_MODES',
      `some of ${PERMISSION_MODES.join(', ')}, comma-separated`,
      entry,
    );
  });
}

function readList(env: Environment, name: string): string[] | undefined {
  const entries = (env[name] ?? '').split(',').map((entry) => entry.trim());
  const named = entries.filter((entry) => entry !== '');
  return named.length > 0 ? named : undefined;
}

function readAmount(env: Environment, name: string): number | undefined {
  const value = env[name];
  if (!value) return undefined;
  if (/^\d+(?:\.\d+)?$/.test(value) && Number(value) > 0) return Number(value);
  throw new SettingError(name, 'a number above 0', value);
}

function readOrigins(env: Environment): string | string[] | null {
  const origins = readList(env, 'AGENT_WEBKIT_CORS_ORIGIN');
  return origins?.length === 1 && origins[0] === '*' ? '*' : (origins ?? null);
}

function readFolder(env: Environment, name: string): string | undefined {
  const folder = env[name];
  if (!folder) return undefined;
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw new SettingError(name, 'an existing folder', folder);
}

function readChoice<Choice extends string>(
  env: Environment,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = env[name];
  if (!value) return undefined;
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw new SettingError(name, choices.join(' or '), value);
  return choice;
}

function readInteger(env: Environment, name: string, min: number, max: number): number | undefined {
  const value = env[name];
  if (!value) return undefined;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new SettingError(name, `an integer from ${min} to ${max}`, value);
}

function readSize(env: Environment, name: string): string | undefined {
  const value = env[name];
  if (!value) return undefined;
  if (/^\d+(?:b|kb|mb)?$/i.test(value)) return value;
  throw new SettingError(name, `a size such as 500kb or 10mb`, value);
}

function withoutUndefined(options: {
  [Name in keyof AgentWebkitModuleOptions]: AgentWebkitModuleOptions[Name] | undefined;
}): AgentWebkitModuleOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
