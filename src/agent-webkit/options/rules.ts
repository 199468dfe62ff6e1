import { accessSync, constants, statSync } from 'node:fs';

/**
 * The rules for values of options, each stated once: for options given in code and for environment
 * variables. A host may be written in JavaScript, or read its options from a file: types are not
 * enough.
 */
export interface Rule<Value, AllowsNull extends boolean = false> {
  /** The accepted values in words, after "must be". */
  readonly words: string;
  readonly accepts: (value: unknown) => value is Value;
  /** True where null is a value of the option. */
  readonly allowsNull: AllowsNull;
  /** Returns the part of a rejected value that is wrong; null when the value as a whole is. */
  readonly findFault?: (value: unknown) => Fault | null;
  /** Formats a rejected value for a message, where the value itself may be a secret. */
  readonly show?: (value: unknown) => string;
  /** The form of the value in an environment variable; absent where a variable cannot hold it. */
  readonly text?: TextForm;
}

/** A part of a value that is wrong. */
export interface Fault {
  /** The place in the value, as in code: `['Bash'].afterMs`. */
  readonly path: string;
  /** The accepted values in words, after "must be". */
  readonly words: string;
  readonly received: unknown;
}

export interface TextForm {
  /** The accepted texts in words, where they differ from the accepted values. */
  readonly words?: string;
  /** Returns the value, or one that the rule rejects where the text is malformed. */
  readonly parse: (text: string) => unknown;
}

/** The longest delay that a timer of Node.js supports. A longer one fires at once. */
export const MAX_TIMER_MS = 2_147_483_647;

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Rule<number> {
  return {
    words:
      max === Number.MAX_SAFE_INTEGER
        ? `an integer of at least ${min}`
        : `an integer from ${min} to ${max}`,
    accepts: (value): value is number =>
      Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
    allowsNull: false,
    text: { parse: (text) => (/^\d+$/.test(text) ? Number(text) : Number.NaN) },
  };
}

/** A number of things, at least one. */
export const count = integer(1);

/** A delay that a timer waits for, in milliseconds. */
export const delay = integer(1, MAX_TIMER_MS);

/** A delay that can be left out. */
export const delayOrNone = integer(0, MAX_TIMER_MS);

/** A time that is compared with the clock, in milliseconds. It may be longer than a timer's delay. */
export const age = integer(1);

export const amount: Rule<number> = {
  words: 'a number above 0',
  accepts: (value): value is number => Number.isFinite(value) && Number(value) > 0,
  allowsNull: false,
  text: { parse: (text) => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN) },
};

export const flag: Rule<boolean> = {
  words: 'true or false',
  accepts: (value): value is boolean => typeof value === 'boolean',
  allowsNull: false,
};

/** A flag with an environment setting. */
export const flagOfText: Rule<boolean> = {
  ...flag,
  text: { words: '0 or 1', parse: (text) => ({ '0': false, '1': true })[text] },
};

export const nonEmptyString: Rule<string> = {
  words: 'a non-empty string',
  accepts: (value): value is string => typeof value === 'string' && value !== '',
  allowsNull: false,
  text: { parse: (text) => text },
};

/** A text of a given form, which `words` describes. */
export function textLike(words: string, form: RegExp): Rule<string> {
  return {
    words,
    accepts: (value): value is string => typeof value === 'string' && form.test(value),
    allowsNull: false,
    text: { parse: (text) => text },
  };
}

export const folder: Rule<string> = {
  words: 'the path of an existing directory that the process may read',
  accepts: (value): value is string => typeof value === 'string' && isFolder(value),
  allowsNull: false,
  text: { parse: (text) => text },
};

/** One value of a fixed set. */
export function oneOf<const Value extends string>(values: readonly Value[]): Rule<Value> {
  return {
    words: `one of ${values.join(', ')}`,
    accepts: (value): value is Value => values.some((known) => known === value),
    allowsNull: false,
    text: { parse: (text) => text },
  };
}

/** A list of at least one value. In a variable the values are separated by commas. */
export function listOf<Value>(
  words: string,
  item: Rule<Value>,
): Rule<readonly [Value, ...Value[]]> {
  return {
    words: `a non-empty list of ${words}`,
    accepts: (value): value is readonly [Value, ...Value[]] =>
      Array.isArray(value) && value.length > 0 && value.every((entry) => item.accepts(entry)),
    allowsNull: false,
    text: { words: `a comma-separated list of ${words}`, parse: splitList },
  };
}

/** A list of values, which may be empty in code. In a variable the values are separated by commas. */
export function listOrNoneOf<Value>(words: string, item: Rule<Value>): Rule<readonly Value[]> {
  return {
    words: `a list of ${words}`,
    accepts: (value): value is readonly Value[] =>
      Array.isArray(value) && value.every((entry) => item.accepts(entry)),
    allowsNull: false,
    text: { words: `a comma-separated list of ${words}`, parse: splitList },
  };
}

/** A function of the host. No variable can hold one. */
export function functionOf<Fn>(): Rule<Fn> {
  return {
    words: 'a function',
    accepts: (value): value is Fn => typeof value === 'function',
    allowsNull: false,
  };
}

/** The same values, and functions. */
export function orFunction<Value, Fn>(rule: Rule<Value>): Rule<Value | Fn> {
  return {
    ...rule,
    words: `${rule.words}, or a function`,
    accepts: (value): value is Value | Fn => typeof value === 'function' || rule.accepts(value),
    ...(rule.text && { text: { words: rule.words, ...rule.text } }),
  };
}

/** The same values, and null. */
export function orNull<Value>(rule: Rule<Value>): Rule<Value | null, true> {
  return {
    ...rule,
    words: `${rule.words}, or null`,
    accepts: (value): value is Value | null => value === null || rule.accepts(value),
    allowsNull: true,
    ...(rule.text && { text: { words: rule.words, ...rule.text } }),
  };
}

/** Formats a rejected value without revealing it. */
export const hidden = (): string => 'another value, which is not shown because it may be a secret';

/** Splits a comma-separated list. Spaces around an entry and empty entries are dropped. */
export function splitList(text: string): string[] {
  return splitEntries(text).filter((entry) => entry !== '');
}

/** Splits a comma-separated list. Spaces around an entry are dropped, and empty entries are not. */
export function splitEntries(text: string): string[] {
  return text.split(',').map((entry) => entry.trim());
}

function isFolder(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false; // a directory that cannot be looked up cannot be worked in
  }
}
