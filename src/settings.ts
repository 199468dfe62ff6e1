import { randomBytes } from 'node:crypto';
import type { AgentWebkitModuleOptions } from './agent-webkit/options/agent-webkit.options.js';
import { type AuthOptions, isToken } from './agent-webkit/options/groups/top-level.js';
import { OPTIONS } from './agent-webkit/options/option-table.js';
import { splitList } from './agent-webkit/options/rules.js';

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
    module: { auth: auth.options, ...readOptions(env) },
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
    if (!tokens.every(isToken)) {
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

/** Reads the options that a variable can hold as they are. The others are made of the settings above. */
function readOptions(env: Environment): AgentWebkitModuleOptions {
  const options: Record<string, Record<string, unknown>> = {};
  for (const { group, name, descriptor } of OPTIONS) {
    const { variable, rule } = descriptor;
    const text = variable === undefined ? undefined : env[variable];
    if (group === null || !rule.text || variable === undefined || !text) continue;
    const value = rule.text.parse(text);
    const isEmptyList = Array.isArray(value) && value.length === 0;
    if (isEmptyList) continue;
    if (!rule.accepts(value)) {
      throw new SettingError(variable, rule.text.words ?? rule.words, text);
    }
    (options[group] ??= {})[name] = value;
  }
  return options;
}

function readOrigins(env: Environment): string | string[] | null {
  const origins = splitList(env['AGENT_WEBKIT_CORS_ORIGIN'] ?? '');
  if (origins.length === 0) return null;
  return origins.length === 1 && origins[0] === '*' ? '*' : origins;
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
