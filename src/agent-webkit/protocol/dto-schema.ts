import { getMetadataStorage } from 'class-validator';
import { GOES_WITH, isNotNull, isPresent } from './decorators.js';
import { ANY_OBJECT, HAS_SHAPE, type JsonSchema, type Shape } from './shape.js';

/** The metadata of one decorator of class-validator. */
interface Rule {
  readonly propertyName: string;
  readonly type: string;
  readonly target: { readonly name: string } | string;
  readonly name?: string | undefined;
  readonly constraints?: readonly unknown[];
  readonly each?: boolean;
}

type Dto = new () => object;

/**
 * Returns the JSON Schema of a DTO class, derived from its decorators.
 *
 * @param variant the values of some properties, by which the schema is narrowed
 * @throws TypeError if a decorator has no counterpart here
 */
export function schemaOf(dto: Dto, variant: Variant = {}): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [name, rules] of rulesOf(dto)) {
    const fixed = variant[name];
    const [schema, isOmittable] = describeProperty(rules, variant);
    properties[name] = fixed === undefined ? schema : { type: 'string', enum: [fixed] };
    if (!isOmittable) required.push(name);
  }
  return { type: 'object', ...(required.length > 0 && { required }), properties };
}

/**
 * Returns the schema of each property of a DTO class, with the value it has by default.
 *
 * @throws TypeError if a decorator has no counterpart here
 */
export function propertiesOf(dto: Dto): Record<string, JsonSchema> {
  const defaults = Object.entries(new dto());
  const { properties } = schemaOf(dto) as { properties: Record<string, JsonSchema> };
  const withDefaults = Object.entries(properties).map(([name, schema]) => {
    const value: unknown = defaults.find(([key]) => key === name)?.[1];
    return [name, value === undefined ? schema : { ...schema, default: value }];
  });
  return Object.fromEntries(withDefaults);
}

type Variant = Readonly<Record<string, string>>;

/** Returns the schema of one property, and true if it may be left out. */
function describeProperty(rules: readonly Rule[], variant: Variant): [JsonSchema, boolean] {
  let schema: JsonSchema = {};
  let isNullable = false;
  let isOmittable = false;
  for (const rule of rules) {
    if (rule.each) throw unknownRule(rule, ' with `each`');
    const [constraint] = rule.constraints ?? [];
    if (rule.type === 'conditionalValidation') {
      if (rule.name === 'isOptional' || constraint === isPresent) isOmittable = true;
      else if (constraint === isNotNull) isNullable = true;
      else throw unknownRule(rule, ' with this condition');
    } else if (rule.name === GOES_WITH) {
      const [other = '', wanted] = (rule.constraints ?? []) as string[];
      const actual = variant[other];
      if (actual === undefined) throw unknownRule(rule, ` without a variant of ${other}`);
      if (actual !== wanted) return [{ not: {} }, true];
    } else {
      const keywords = KEYWORDS[rule.name ?? ''];
      if (!keywords) throw unknownRule(rule);
      schema = { ...schema, ...keywords(constraint) };
    }
  }
  return [isNullable ? { oneOf: [schema, { type: 'null' }] } : schema, isOmittable];
}

/** The keywords of JSON Schema for each decorator, given its first argument. */
const KEYWORDS: Readonly<Record<string, (constraint: unknown) => JsonSchema>> = {
  [HAS_SHAPE]: (shape) => (shape as Shape).schema,
  equals: (value) => ({ type: 'string', enum: [value] }),
  isBoolean: () => ({ type: 'boolean' }),
  isIn: (values) => ({ type: 'string', enum: [...(values as string[])] }),
  isInt: () => ({ type: 'integer' }),
  isNotEmpty: () => ({ minLength: 1 }),
  isObject: () => ANY_OBJECT,
  isString: () => ({ type: 'string' }),
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  matches: (pattern) => ({ pattern: (pattern as RegExp).source }),
  max: (limit) => ({ maximum: limit }),
  maxLength: (limit) => ({ maxLength: limit }),
  min: (limit) => ({ minimum: limit }),
};

function unknownRule({ target, propertyName, name, type }: Rule, detail = ''): TypeError {
  const owner = typeof target === 'string' ? target : target.name;
  return new TypeError(
    `${owner}.${propertyName}: the decorator ${name ?? type}${detail} has no JSON Schema. Add it to dto-schema.ts.`,
  );
}

/** The rules of each property, in the order of the properties. */
function rulesOf(dto: Dto): Map<string, Rule[]> {
  const rules = new Map<string, Rule[]>();
  const all = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  for (const rule of all as Rule[]) {
    rules.set(rule.propertyName, [...(rules.get(rule.propertyName) ?? []), rule]);
  }
  return rules;
}
