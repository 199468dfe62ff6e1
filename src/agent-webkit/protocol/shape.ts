import { ValidateBy } from 'class-validator';
import { isRecord } from './is-record.js';

/** A JSON Schema, as OpenAPI 3.1 uses them. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * A rule about a JSON value, in two forms: the check, which reports the first problem, and the
 * schema, which describes the same rule to clients.
 */
export interface Shape {
  readonly schema: JsonSchema;
  /** Returns a sentence that names the invalid field, or null if the value is valid. */
  findProblem(value: unknown, field: string): string | null;
}

interface ObjectShape extends Shape {
  readonly fields: Readonly<Record<string, Shape>>;
}

/** An object with any fields. Generators read an object that names no fields as one that has none. */
export const ANY_OBJECT: JsonSchema = { type: 'object', additionalProperties: true };

/** A string, which may be required to have a character that is not white space. */
export function text({ isBlankAllowed = true } = {}): Shape {
  return {
    schema: { type: 'string', ...(!isBlankAllowed && { pattern: '\\S' }) },
    findProblem(value, field) {
      if (typeof value !== 'string') return `${field}: must be a string`;
      return !isBlankAllowed && !/\S/.test(value)
        ? `${field}: must not be empty or only white space`
        : null;
    },
  };
}

/** One of the given strings. */
export function oneOf(...values: readonly string[]): Shape {
  return {
    schema: { type: 'string', enum: [...values] },
    findProblem: (value, field) =>
      typeof value === 'string' && values.includes(value)
        ? null
        : `${field}: must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}`,
  };
}

const NOT_BASE64 = /[^A-Za-z0-9+/]/;

/**
 * Bytes in base64, at least one. The check does not use the pattern of the schema: on strings of some
 * megabytes, a repetition would make V8 fail with a stack overflow.
 */
export const base64: Shape = {
  schema: {
    type: 'string',
    contentEncoding: 'base64',
    pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$',
  },
  findProblem: (value, field) =>
    typeof value === 'string' && isBase64(value) ? null : `${field}: must be base64`,
};

function isBase64(value: string): boolean {
  if (value.length === 0 || value.length % 4 !== 0) return false;
  const end = value.search(NOT_BASE64);
  return end === -1 || ['=', '=='].includes(value.slice(end));
}

/** An object or an array, whatever it contains. */
export const objectOrArray: Shape = {
  schema: { oneOf: [ANY_OBJECT, { type: 'array', items: {} }] },
  findProblem: (value, field) =>
    typeof value === 'object' && value !== null ? null : `${field}: must be an object or an array`,
};

/** An array whose items all have one shape. */
export function listOf(item: Shape, { isEmptyAllowed = true } = {}): Shape {
  return {
    schema: { type: 'array', ...(!isEmptyAllowed && { minItems: 1 }), items: item.schema },
    findProblem(value, field) {
      if (!Array.isArray(value)) return `${field}: must be an array`;
      if (value.length === 0 && !isEmptyAllowed) return `${field}: must not be empty`;
      for (const [index, each] of value.entries()) {
        const problem = item.findProblem(each, `${field}[${index}]`);
        if (problem !== null) return problem;
      }
      return null;
    },
  };
}

/** An object with these fields, and with any others. The optional fields may be left out, but not be null. */
export function object(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): ObjectShape {
  const fields = { ...required, ...optional };
  const schemas = Object.entries(fields).map(([name, shape]) => [name, shape.schema]);
  return {
    fields,
    schema: {
      type: 'object',
      required: Object.keys(required),
      properties: Object.fromEntries(schemas),
    },
    findProblem(value, field) {
      if (!isRecord(value)) return `${field}: must be an object`;
      for (const [name, shape] of Object.entries(fields)) {
        if (value[name] === undefined && name in optional) continue;
        const problem = shape.findProblem(value[name], `${field}.${name}`);
        if (problem !== null) return problem;
      }
      return null;
    },
  };
}

/** One of the given objects, which the field `type` distinguishes. */
export function byType(...variants: readonly ObjectShape[]): Shape {
  const types = oneOf(
    ...variants.flatMap(({ fields }) => fields['type']?.schema['enum'] as string[]),
  );
  return {
    schema: { oneOf: variants.map(({ schema }) => schema) },
    findProblem(value, field) {
      if (!isRecord(value)) return `${field}: must be an object`;
      const variant = variants.find(
        ({ fields }) => !fields['type']?.findProblem(value['type'], ''),
      );
      return variant
        ? variant.findProblem(value, field)
        : types.findProblem(value['type'], `${field}.type`);
    },
  };
}

/** A string of one shape, or an array of another one. */
export function textOrList(ofText: Shape, ofList: Shape): Shape {
  return {
    schema: { oneOf: [ofText.schema, ofList.schema] },
    findProblem(value, field) {
      if (typeof value === 'string') return ofText.findProblem(value, field);
      if (Array.isArray(value)) return ofList.findProblem(value, field);
      return `${field}: must be a string or an array`;
    },
  };
}

/** The name under which class-validator keeps {@link HasShape}, whose constraint is the shape. */
export const HAS_SHAPE = 'hasShape';

/** Validates a property by a shape. */
export const HasShape = (shape: Shape): PropertyDecorator =>
  ValidateBy({
    name: HAS_SHAPE,
    constraints: [shape],
    validator: {
      validate: (value: unknown, args) => shape.findProblem(value, args?.property ?? '') === null,
      defaultMessage: (args) => shape.findProblem(args?.value, args?.property ?? '') ?? '',
    },
  });
