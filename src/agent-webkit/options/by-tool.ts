import type { Rule } from './rules.js';

/** The rule of a field; `isOptional` when it may be left out. */
export interface Field {
  readonly rule: Pick<Rule<unknown>, 'words' | 'accepts'>;
  readonly isOptional?: boolean;
}

/**
 * Returns the rule for an object that has an entry for each of some tools, all with the same fields.
 *
 * @param words the fields in words, after "an object of tool names, each with"
 */
export function byTool<Value>(
  words: string,
  fields: Readonly<Record<keyof Value & string, Field>>,
): Rule<Readonly<Record<string, Value>>> {
  const all = new Map<string, Field>(Object.entries(fields));
  const findFault = (value: unknown) => faultOf(value, all);
  return {
    words: `an object of tool names, each with ${words}`,
    accepts: (value): value is Readonly<Record<string, Value>> =>
      isObject(value) && findFault(value) === null,
    allowsNull: false,
    findFault,
  };
}

/** Returns the first wrong part of an object; null when there is none, or when it is no object. */
function faultOf(value: unknown, fields: ReadonlyMap<string, Field>) {
  if (!isObject(value)) return null;
  for (const [tool, entry] of Object.entries(value)) {
    const path = `['${tool}']`;
    if (tool === '') return { path, words: 'under the name of a tool', received: entry };
    if (!isObject(entry)) return { path, words: 'an object', received: entry };
    for (const [name, { rule, isOptional = false }] of fields) {
      const received = entry[name];
      if (received === undefined ? isOptional : rule.accepts(received)) continue;
      return { path: `${path}.${name}`, words: rule.words, received };
    }
    const unknown = Object.keys(entry).find((name) => !fields.has(name));
    if (unknown === undefined) continue;
    const words = `left out: an entry has only ${[...fields.keys()].join(', ')}`;
    return { path: `${path}.${unknown}`, words, received: entry[unknown] };
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
