import type { Descriptor } from '../agent-webkit/options/descriptor.js';
import { adviseOn } from '../agent-webkit/options/option-errors.js';
import { showReceived } from '../agent-webkit/options/received.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** An environment variable is invalid. The message names the variable and how to correct it. */
export class SettingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SettingError';
  }
}

/**
 * Returns the value of an environment variable, or undefined where it is unset, empty or an empty
 * list.
 *
 * @throws SettingError where the rule rejects the value
 */
export function readSetting(
  env: Environment,
  variable: string,
  descriptor: Descriptor<unknown>,
): unknown {
  const text = env[variable];
  const { words, text: form, accepts, show = showReceived } = descriptor.rule;
  if (!text || !form) return undefined;
  const value = form.parse(text);
  if (Array.isArray(value) && value.length === 0) return undefined;
  if (accepts(value)) return value;
  const rule = form.words ?? words;
  throw new SettingError(
    `${variable} must be ${rule}, but got ${show(text)}. ${adviseOn(descriptor, 'unset it')}`,
  );
}
