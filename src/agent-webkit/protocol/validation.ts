import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

/** The maximum nesting of JSON. A deeper value is rejected before any recursive code reads it. */
const MAX_DEPTH = 64;

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
  return error ? { problem: describe(error) } : { value };
}

function isNested([, field]: [string, unknown]): boolean {
  return typeof field === 'object';
}

function describe(error: ValidationError, path = ''): string {
  const field = `${path}${error.property}`;
  const [nested] = error.children ?? [];
  if (nested) return describe(nested, `${field}.`);
  const [rule = 'is not valid'] = Object.values(error.constraints ?? {});
  return rule.startsWith(error.property) ? rule : `${field}: ${rule}`;
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
