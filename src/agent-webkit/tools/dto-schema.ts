import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage } from 'class-validator';
import type { ToolInputSchema } from '../engine/host-tool.js';

type JsonSchema = Readonly<Record<string, unknown>>;

/** The metadata of one decorator of class-validator. */
interface Rule {
  readonly propertyName: string;
  readonly type: string;
  readonly name?: string | undefined;
  readonly constraints?: readonly unknown[];
  readonly each?: boolean;
}

/** Deeper classes are described as any object. A class may contain itself. */
const MAX_DEPTH = 5;

/**
 * Returns what the decorators of a DTO class say about an input, for the model. A decorator that has no counterpart
 * in JSON Schema is left out: the input is validated with the class.
 */
export function dtoSchema(dto: Type<object>, depth = 0): ToolInputSchema {
  const rules = rulesOf(dto);
  const properties = [...rules].map(([name, own]) => [name, describe(dto, name, own, depth)]);
  const required = [...rules]
    .filter(([, own]) => !own.some(({ type }) => type === 'conditionalValidation'))
    .map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as Record<string, JsonSchema>,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** Returns the rules of each property. */
function rulesOf(dto: Type<object>): Map<string, Rule[]> {
  const rules = new Map<string, Rule[]>();
  const all = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  for (const rule of all as Rule[]) {
    rules.set(rule.propertyName, [...(rules.get(rule.propertyName) ?? []), rule]);
  }
  return rules;
}

function describe(
  dto: Type<object>,
  name: string,
  rules: readonly Rule[],
  depth: number,
): JsonSchema {
  const nested = rules.find(({ type }) => type === 'nestedValidation');
  const itself = { ...keywords(rules, false), ...(nested && nestedSchema(dto, name, depth)) };
  const entries = keywords(rules, true);
  const isList =
    itself['type'] === 'array' || Object.keys(entries).length > 0 || isArray(dto, name);
  const described = descriptionOf(dto, name);
  if (!isList) return { ...itself, ...described };
  const { type: _, properties, required, additionalProperties, ...limits } = itself;
  const item = nested ? { type: 'object', properties, required, additionalProperties } : entries;
  return { ...limits, type: 'array', items: item, ...described };
}

/** Returns the keywords of the decorators of a property, or of those for each of its entries. */
function keywords(rules: readonly Rule[], ofEntries: boolean): JsonSchema {
  const all = rules
    .filter(({ each = false }) => each === ofEntries)
    .map(({ name = '', constraints = [] }) => KEYWORDS[name]?.(...constraints) ?? {});
  return Object.assign({}, ...all) as JsonSchema;
}

function nestedSchema(dto: Type<object>, name: string, depth: number): JsonSchema {
  const type = typeOf(dto, name);
  return type === null || depth >= MAX_DEPTH ? { type: 'object' } : dtoSchema(type, depth + 1);
}

/** Returns the class that a nested property gets, by `@Type()`; null without one. */
function typeOf(dto: Type<object>, name: string): Type<object> | null {
  const instance = plainToInstance(dto, { [name]: isArray(dto, name) ? [{}] : {} });
  const value: unknown = [Reflect.get(instance, name)].flat()[0];
  const type = (value as object | undefined)?.constructor;
  return type === undefined || type === Object ? null : (type as Type<object>);
}

function isArray(dto: Type<object>, name: string): boolean {
  return Reflect.getMetadata('design:type', dto.prototype as object, name) === Array;
}

/** Returns the description that `@ApiProperty()` of `@nestjs/swagger` gives, if it is used. */
function descriptionOf(dto: Type<object>, name: string): { description?: string } {
  const metadata: unknown = Reflect.getMetadata(
    'swagger/apiModelProperties',
    dto.prototype as object,
    name,
  );
  const { description } = (metadata ?? {}) as { description?: unknown };
  return typeof description === 'string' ? { description } : {};
}

const valuesOf = (values: unknown): unknown[] => Object.values(values as object);

/** The keywords of JSON Schema for each decorator, given its arguments. */
const KEYWORDS: Readonly<Record<string, (...constraints: readonly unknown[]) => JsonSchema>> = {
  arrayMaxSize: (maxItems) => ({ maxItems }),
  arrayMinSize: (minItems) => ({ minItems }),
  arrayNotEmpty: () => ({ minItems: 1 }),
  arrayUnique: () => ({ uniqueItems: true }),
  equals: (value) => ({ const: value }),
  isArray: () => ({ type: 'array' }),
  isBoolean: () => ({ type: 'boolean' }),
  isDateString: () => ({ type: 'string', format: 'date-time' }),
  isEmail: () => ({ type: 'string', format: 'email' }),
  isEnum: (values) => ({ enum: valuesOf(values) }),
  isIn: (values) => ({ enum: valuesOf(values) }),
  isInt: () => ({ type: 'integer' }),
  isISO8601: () => ({ type: 'string', format: 'date-time' }),
  isNotEmpty: () => ({ minLength: 1 }),
  isNumber: () => ({ type: 'number' }),
  isObject: () => ({ type: 'object' }),
  isPositive: () => ({ exclusiveMinimum: 0 }),
  isString: () => ({ type: 'string' }),
  isUrl: () => ({ type: 'string', format: 'uri' }),
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  isLength: (minLength, maxLength) => ({
    minLength,
    ...(maxLength !== undefined && { maxLength }),
  }),
  matches: (pattern) => ({ pattern: (pattern as RegExp).source }),
  max: (maximum) => ({ maximum }),
  maxLength: (maxLength) => ({ maxLength }),
  min: (minimum) => ({ minimum }),
  minLength: (minLength) => ({ minLength }),
};
