import { describe, expect, it } from '@jest/globals';
import { readForm, toContent } from '../../page/src/ui/form.js';

const FORM = {
  type: 'object',
  properties: {
    name: { type: 'string', title: 'Name', description: 'As in your passport' },
    mail: { type: 'string', format: 'email', default: 'ada@example.com' },
    age: { type: 'integer', default: 36 },
    isNew: { type: 'boolean', default: true },
    size: { type: 'string', enum: ['s', 'l'], enumNames: ['Small', 'Large'] },
    colour: { type: 'string', oneOf: [{ const: 'r', title: 'Red' }] },
    extras: { type: 'array', items: { anyOf: [{ const: 'x', title: 'Extra' }] } },
  },
  required: ['name', 'extras'],
};

describe('the form of an MCP server on the page', () => {
  it('has a field for each property', () => {
    expect(
      readForm(FORM).map(({ title, kind, inputType, isRequired, initial }) =>
        [title, kind, inputType, isRequired, initial].join(' '),
      ),
    ).toEqual([
      'Name text text true ',
      'mail text email false ada@example.com',
      'age number number false 36',
      'isNew boolean text false true',
      'size choice text false ',
      'colour choice text false ',
      'extras choices text true ',
    ]);
    expect(readForm(FORM).flatMap(({ choices }) => choices)).toEqual([
      { value: 's', title: 'Small' },
      { value: 'l', title: 'Large' },
      { value: 'r', title: 'Red' },
      { value: 'x', title: 'Extra' },
    ]);
  });

  it('sends its values by their types, and leaves out what is empty', () => {
    const fields = readForm(FORM);
    expect(toContent(fields, {})).toEqual({
      mail: 'ada@example.com',
      age: 36,
      isNew: true,
      extras: [],
    });
    expect(toContent(fields, { name: 'Ada', mail: '', age: '1.5', extras: ['x'] })).toEqual({
      name: 'Ada',
      age: 1.5,
      isNew: true,
      extras: ['x'],
    });
  });

  it.each([undefined, null, 'form', { properties: [] }, { properties: { a: null } }])(
    'is shown whatever the MCP server sent: %j',
    (schema) => {
      expect(() => toContent(readForm(schema), {})).not.toThrow();
    },
  );
});
