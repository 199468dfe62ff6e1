import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

/** How deep JSON may be nested. Deeper is refused before anything walks it. */
const MAX_DEPTH = 64;

/** Names that mean something to whoever builds an object, and are no fields of ours. */
const RESERVED = new Set(['constructor', '__proto__']);

/** A checked value, or the sentence that says which field is wrong. */
export type Validated<Value> = { value: Value } | { problem: string };

/** Checks what was sent against a DTO class. Fields the class does not know are dropped. */
export function validate<Dto extends object>(dto: new () => Dto, sent: unknown): Validated<Dto> {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
    return { problem: 'The body must be a JSON object.' };
  }
  if (isDeeperThan(sent, MAX_DEPTH)) {
    return { problem: `The body is nested deeper than ${MAX_DEPTH} levels.` };
  }
  const fields = Object.entries(sent).filter(([key]) => !RESERVED.has(key));
  // class-transformer would rebuild a nested value key by key, and takes a key `constructor` in it
  // for a class. Nested fields are free-form and are kept as they were sent.
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

/** Walks without recursion, which is what a deeply nested value is sent to exhaust. */
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
