import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import * as fc from 'fast-check';
import { findFormProblem } from '../../../src/agent-webkit/engine/session/form-content.js';

const ajv = new Ajv({ strict: false, ownProperties: true });
(formats as unknown as { default: (to: Ajv) => void }).default(ajv);

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const size = fc.integer({ min: 0, max: 4 });
const choice = fc.constantFrom('red', 'blue', '💙');
const choices = fc.uniqueArray(choice, { minLength: 1 });
const name = fc.constantFrom('a', 'b', 'toString', 'constructor');

const titled = (values: string[]) => values.map((value) => ({ const: value, title: value }));
const property = fc.oneof(
  fc.record({
    type: fc.constant('string'),
    minLength: optional(size),
    maxLength: optional(size),
    format: optional(fc.constantFrom('email', 'date')),
  }),
  fc.record({ type: fc.constant('string'), enum: choices }),
  fc.record({ type: fc.constant('string'), oneOf: choices.map(titled) }),
  fc.record({
    type: fc.constantFrom('number', 'integer'),
    minimum: optional(size),
    maximum: optional(size),
  }),
  fc.record({ type: fc.constant('boolean') }),
  fc.record({
    type: fc.constant('array'),
    minItems: optional(size),
    maxItems: optional(size),
    items: fc.oneof(
      fc.record({ type: fc.constant('string'), enum: choices }),
      fc.record({ anyOf: choices.map(titled) }),
    ),
  }),
);
const form = fc.record({
  type: fc.constant('object'),
  properties: fc.dictionary(name, property),
  required: optional(fc.uniqueArray(name)),
  additionalProperties: optional(fc.constant(false)),
});
const value = fc.oneof(
  choice,
  fc.constantFrom('', 'a@b.c', '2026-01-31', '2026-13-31', '💙💙💙'),
  fc.integer({ min: -1, max: 5 }),
  fc.constant(1.5),
  fc.boolean(),
  fc.array(choice, { maxLength: 4 }),
);
const content = fc.dictionary(name, value);

describe('the values of a form', () => {
  it('are accepted exactly where a validator of JSON Schema accepts them', () => {
    fc.assert(
      fc.property(form, content, (schema, values) => {
        // Without the fields that are undefined.
        const isValid = ajv.compile(JSON.parse(JSON.stringify(schema)) as object);
        expect([findFormProblem(schema, values), values]).toEqual([
          isValid(values) ? null : expect.stringMatching(/^content\./),
          values,
        ]);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['uri', 'https://a.example', 'a.example'],
    ['date-time', '2026-01-31T09:00:00Z', '2026-01-31 09:00'],
    ['email', 'ada@example.com', 'ada'],
    ['date', '2026-01-31', '31.1.2026'],
  ])('have the format %s', (format, right, wrong) => {
    const schema = { properties: { field: { type: 'string', format } } };
    expect(findFormProblem(schema, { field: right })).toBeNull();
    expect(findFormProblem(schema, { field: wrong })).toMatch(/^content\.field: must be /);
  });

  it('are accepted where the MCP server sent no form, or one of another kind', () => {
    for (const schema of [undefined, null, 5, {}, { properties: { field: { type: 'object' } } }])
      expect(findFormProblem(schema, { field: 'x' })).toBeNull();
  });
});
