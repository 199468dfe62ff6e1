import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

/** The maximum nesting of JSON. A deeper value is rejected before any recursive code reads it. */
const MAX_DEPTH = 64;

/** The length of the longest text that a message repeats. */
const MAX_SHOWN_LENGTH = 80;

/** Property names with a meaning in JavaScript. No field of the protocol has one of them. */
const RESERVED = new Set(['constructor', '__proto__']);

/** A valid value, or a sentence that names the field that is not valid. */
export type Validated<Value> = { value: Value } | { problem: string };

/** Validates a JSON value with a DTO class. Fields that the class does not declare are dropped. */
export function validate<Dto extends object>(dto: new () => Dto, sent: unknown): Validated<Dto> {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
    return { problem: 'The body must be a JSON object.' };
  }
  if (isDeeperThan(sent, MAX_DEPTH)) {
    return { problem: `The body is nested deeper than ${MAX_DEPTH} levels.` };
  }
  const fields = Object.entries(sent).filter(([key]) => !RESERVED.has(key));
  // class-transformer rebuilds nested values key by key, and mistakes a key `constructor` in them
  // for a class. Nested fields are free-form, and are kept as they were sent.
  const value = plainToInstance(
    dto,
    Object.fromEntries(fields.filter((entry) => !isNested(entry))),
    { exposeUnsetFields: false },
  );
  Object.assign(value, Object.fromEntries(fields.filter(isNested)));
  const [error] = validateSync(value, { whitelist: true, stopAtFirstError: true });
  return error ? { problem: describe(error, Reflect.get(sent, error.property)) } : { value };
}

function isNested([, field]: [string, unknown]): boolean {
  return typeof field === 'object';
}

/** Returns "field: rule, but got value." A rule that names a nested field already is left as it is. */
function describe({ property, constraints = {} }: ValidationError, received: unknown): string {
  const [rule = 'is not valid'] = Object.values(constraints);
  if (rule.startsWith(property) && !rule.startsWith(`${property} `)) return rule;
  const text = rule.startsWith(`${property} `) ? rule.slice(property.length + 1) : rule;
  return `${property}: ${text}, but got ${show(received)}.`;
}

function show(received: unknown): string {
  if (received === undefined) return 'nothing';
  if (Array.isArray(received)) return 'an array';
  if (typeof received === 'object' && received !== null) return 'an object';
  return JSON.stringify(
    typeof received === 'string' ? received.slice(0, MAX_SHOWN_LENGTH) : received,
  );
}

/** Works without recursion: a deeply nested value would exhaust the stack. */
function isDeeperThan(value: object, maxDepth: number): boolean {
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxDepth) return true;
    level = level.flatMap((item) =>
      Object.values(item).filter((child) => typeof child === 'object' && child !== null),
    );
  }
  return false;
}
