import type { FormContent } from '../../protocol/inbound.js';
import { isRecord } from '../../protocol/is-record.js';

type Value = FormContent[string];
type Schema = Readonly<Record<string, unknown>>;

const EMAIL = /^[^\s@]+@[^\s@]+$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

const FORMATS: ReadonlyMap<unknown, readonly [name: string, test: (text: string) => boolean]> =
  new Map([
    ['email', ['an email address', (text: string) => EMAIL.test(text)]],
    ['uri', ['an absolute URI', (text: string) => URL.canParse(text)]],
    ['date', ['a date such as 2026-01-31', (text: string) => DATE.test(text) && isTime(text)]],
    [
      'date-time',
      [
        'a time such as 2026-01-31T09:00:00Z',
        (text: string) => DATE_TIME.test(text) && isTime(text),
      ],
    ],
  ]);

/**
 * Returns a sentence about the first value that does not fit a form, or null. It knows the forms of the Model
 * Context Protocol: flat objects of texts, numbers, booleans and choices. Other rules are left to the MCP server,
 * which checks the values, too: its patterns are never run.
 */
export function findFormProblem(form: unknown, content: FormContent): string | null {
  if (!isRecord(form)) return null;
  const properties = isRecord(form['properties']) ? form['properties'] : {};
  for (const name of listOf(form['required'])) {
    if (typeof name === 'string' && !Object.hasOwn(content, name))
      return `content.${name}: is required by the form`;
  }
  for (const [name, value] of Object.entries(content)) {
    const field = `content.${name}`;
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (schema === undefined && form['additionalProperties'] === false)
      return `${field}: is not a field of the form`;
    const problem = isRecord(schema) ? findProblem(schema, value) : null;
    if (problem !== null) return `${field}: ${problem}`;
  }
  return null;
}

function findProblem(schema: Schema, value: Value): string | null {
  switch (schema['type']) {
    case 'string':
      return typeof value === 'string' ? problemOfText(schema, value) : 'must be a string';
    case 'integer':
    case 'number':
      return problemOfNumber(schema, value);
    case 'boolean':
      return typeof value === 'boolean' ? null : 'must be a boolean';
    case 'array':
      return problemOfList(schema, value);
    default:
      return null;
  }
}

function problemOfText(schema: Schema, text: string): string | null {
  const choices = choicesOf(schema);
  if (choices.length > 0 && !choices.includes(text))
    return `must be one of ${choices.map(String).join(', ')}`;
  // Counted as JSON Schema does.
  const length = Array.from(text).length;
  if (isBelow(length, schema['minLength']))
    return `must have at least ${String(schema['minLength'])} characters`;
  if (isAbove(length, schema['maxLength']))
    return `must have at most ${String(schema['maxLength'])} characters`;
  const format = FORMATS.get(schema['format']);
  return format && !format[1](text) ? `must be ${format[0]}` : null;
}

function problemOfNumber(schema: Schema, value: Value): string | null {
  const isInteger = schema['type'] === 'integer';
  if (typeof value !== 'number' || (isInteger && !Number.isInteger(value)))
    return isInteger ? 'must be an integer' : 'must be a number';
  if (isBelow(value, schema['minimum'])) return `must be at least ${String(schema['minimum'])}`;
  if (isAbove(value, schema['maximum'])) return `must be at most ${String(schema['maximum'])}`;
  return null;
}

function problemOfList(schema: Schema, value: Value): string | null {
  if (!Array.isArray(value)) return 'must be an array';
  if (isBelow(value.length, schema['minItems']))
    return `must have at least ${String(schema['minItems'])} items`;
  if (isAbove(value.length, schema['maxItems']))
    return `must have at most ${String(schema['maxItems'])} items`;
  const choices = isRecord(schema['items']) ? choicesOf(schema['items']) : [];
  const isKnown = choices.length === 0 || value.every((item) => choices.includes(item));
  return isKnown ? null : `must contain only ${choices.map(String).join(', ')}`;
}

/** The permitted values: of `enum`, or the `const` of each alternative. */
function choicesOf(schema: Schema): readonly unknown[] {
  const alternatives = [...listOf(schema['oneOf']), ...listOf(schema['anyOf'])];
  const titled = alternatives.flatMap((each) => (isRecord(each) ? [each['const']] : []));
  return Array.isArray(schema['enum']) ? schema['enum'] : titled;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

const isBelow = (value: number, limit: unknown) => typeof limit === 'number' && value < limit;
const isAbove = (value: number, limit: unknown) => typeof limit === 'number' && value > limit;
const isTime = (text: string) => !Number.isNaN(Date.parse(text));
