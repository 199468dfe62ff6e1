import { statSync } from 'node:fs';
import type { AuthOptions } from './agent-webkit.options.js';
import type { PermissionMode } from '../engine/agent-client.js';
import type { StorageProvider } from '../engine/storage.js';
import { PERMISSION_MODES } from '../protocol/inbound.js';

/**
 * What options may be. Each check returns the value, or throws and says which option is wrong, and
 * how. A host may be written in JavaScript, or read its options from a file: types are not enough.
 */

/** The longest time Node's timers can wait. A longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** What is wrong is not repeated here: it may well be a secret. */
export function checkAuth(auth: AuthOptions | null): AuthOptions | null {
  if (auth === null || auth === 'none') return auth;
  const given: object = typeof auth === 'object' ? auth : {};
  if ('tokens' in given !== 'verify' in given) {
    if ('verify' in given && typeof given.verify === 'function') return auth;
    if ('tokens' in given) {
      if (isListOf(given.tokens, isToken)) return auth;
      throw refused('auth.tokens', 'a list of tokens, `owner:token` or `token`', '[…]');
    }
  }
  throw refused('auth', `{ tokens }, { verify } or 'none'`, '…');
}

export function checkModes(
  modes: readonly PermissionMode[],
): [PermissionMode, ...PermissionMode[]] {
  if (!isListOf(modes, (mode) => PERMISSION_MODES.some((known) => known === mode))) {
    throw refused('permissionModes', `a list of ${PERMISSION_MODES.join(', ')}`, modes);
  }
  const [first = 'default', ...rest] = modes;
  return [first, ...rest];
}

export function checkCount(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw refused(name, 'an integer of at least 1', value);
}

export function checkCountOrZero(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw refused(name, 'an integer of at least 0', value);
}

export function checkMs(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= MAX_TIMER_MS) return value;
  throw refused(name, `milliseconds from 1 to ${MAX_TIMER_MS}`, value);
}

/** A time that null switches off. */
export function checkTimer(
  name: string,
  value: number | null | undefined,
  byDefault: number | null,
): number | null {
  const time = value === undefined ? byDefault : value;
  return time === null ? null : checkMs(name, time);
}

/** An amount that null makes boundless. */
export function checkAmount(name: string, value: number | null): number | null {
  if (value === null || (Number.isFinite(value) && value > 0)) return value;
  throw refused(name, 'a number above 0, or null', value);
}

export function checkModels(models: readonly string[] | null): readonly string[] | null {
  if (models === null || isListOf(models, (model) => typeof model === 'string' && model !== ''))
    return models;
  throw refused('models', `a list of models' names, or null`, models);
}

/** How long something is kept: longer than a timer may be. */
export function checkAge(name: string, value: number | null): number | null {
  if (value === null || (Number.isSafeInteger(value) && value >= 1)) return value;
  throw refused(name, 'milliseconds from 1, or null', value);
}

export function checkFlag(name: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw refused(name, 'true or false', value);
}

export function checkFunction<Fn>(name: string, value: Fn | undefined): Fn | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'function') return value;
  throw refused(name, 'a function', value);
}

export function checkModel(model: string | null): string | null {
  if (model === null || (typeof model === 'string' && model !== '')) return model;
  throw refused('model', `a model's name, or null`, model);
}

export function checkStorage(storage: StorageProvider | null): StorageProvider | null {
  if (storage === null) return null;
  const { events, records, durable } = storage;
  if (events && records && typeof durable === 'boolean') return storage;
  throw refused('storage', 'a StorageProvider: { durable, events, records }', typeof storage);
}

export function checkWorkspace(workspace: string): string {
  if (typeof workspace === 'string' && isFolder(workspace)) return workspace;
  throw refused('workspace', 'an existing folder', workspace);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // whatever keeps it from being looked at keeps agents from working in it
  }
}

function isToken(entry: unknown): boolean {
  return typeof entry === 'string' && /^(?:[^:]+:\S+|[^\s:]+)$/.test(entry);
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isItem);
}

/** Boot errors are for whoever configures the server, so they tell what was given. */
function refused(name: string, rule: string, received: unknown): TypeError {
  const shown =
    typeof received === 'string' || typeof received === 'object'
      ? JSON.stringify(received)
      : (received as number | boolean | undefined);
  return new TypeError(`AgentWebkitModule: option '${name}' must be ${rule}; received ${shown}.`);
}
