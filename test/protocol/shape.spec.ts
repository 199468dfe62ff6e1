import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { PERMISSION_UPDATE } from '../../src/agent-webkit/protocol/permission-update.js';
import {
  base64,
  byType,
  listOf,
  object,
  objectOrArray,
  oneOf,
  type Shape,
  text,
  textOrList,
} from '../../src/agent-webkit/protocol/shape.js';
import { USER_CONTENT } from '../../src/agent-webkit/protocol/user-content.js';

const pair = object({ a: text() }, { b: text() });
const SHAPES: readonly (readonly [name: string, shape: Shape])[] = [
  ['a string', text()],
  ['a string that is not blank', text({ isBlankAllowed: false })],
  ['one string', oneOf('a')],
  ['one of two strings', oneOf('a', 'b')],
  ['base64', base64],
  ['an object or an array', objectOrArray],
  ['a list', listOf(text())],
  ['a list that is not empty', listOf(pair, { isEmptyAllowed: false })],
  ['an object', pair],
  [
    'objects by type',
    byType(object({ type: oneOf('a', 'b'), a: text() }), object({ type: oneOf('c') })),
  ],
  ['a string or a list', textOrList(text({ isBlankAllowed: false }), listOf(pair))],
  ['the content of a user message', USER_CONTENT],
  ['a permission update', PERMISSION_UPDATE],
];

const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
const mode = { type: 'setMode', mode: 'plan', destination: 'session' };
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  7,
  '',
  'a',
  'b',
  'AA==',
  'AAA=',
  'AAAA',
  'AAAAA',
  'A===',
  '====',
  {},
  [],
  [''],
  ['a'],
  [null],
  { a: 'x' },
  { a: 'x', b: 'y' },
  { a: 'x', b: null },
  { b: 'y' },
  [{ a: '' }],
  [{ a: 1 }],
  { type: 'a', a: '' },
  { type: 'a' },
  { type: 'c' },
  { type: ['c'] },
  { type: 'text', text: 'a' },
  [{ type: 'text', text: 'a' }],
  [{ type: 'text', text: '' }],
  [image],
  [{ ...image, source: { ...image.source, data: 'AAA' } }],
  [{ type: 'image' }],
  mode,
  { ...mode, mode: 'root' },
  { ...mode, destination: undefined },
  { ...mode, type: 'x' },
  { ...mode, type: 'addRules', behavior: 'ask', rules: [{ toolName: 'Bash', ruleContent: 'ls' }] },
  { ...mode, type: 'addRules', behavior: 'ask', rules: [{ ruleContent: 'ls' }] },
  { ...mode, type: 'removeDirectories', directories: ['a'] },
  { ...mode, type: 'removeDirectories', directories: [7] },
];

describe('a shape', () => {
  it.each(SHAPES)('accepts exactly what its schema accepts: %s', (_name, shape) => {
    const isValid = new Ajv2020({ strict: false }).compile(shape.schema);
    const sent = VALUES.map((value): unknown =>
      value === undefined ? value : JSON.parse(JSON.stringify(value)),
    );
    for (const value of sent) {
      const isAccepted = shape.findProblem(value, 'field') === null;
      expect({ value, isAccepted }).toEqual({ value, isAccepted: isValid(value) });
    }
    expect(sent.some((value) => shape.findProblem(value, 'field') === null)).toBe(true);
    expect(sent.some((value) => shape.findProblem(value, 'field') !== null)).toBe(true);
  });

  it('names the field that is wrong, at any depth', () => {
    const rules = [{ toolName: 'Bash' }, { toolName: 7 }];
    const update = { ...mode, type: 'addRules', behavior: 'ask', rules };
    expect(listOf(PERMISSION_UPDATE).findProblem([mode, update], 'updates')).toBe(
      'updates[1].rules[1].toolName: must be a string',
    );
    expect(USER_CONTENT.findProblem([{ type: 'video' }], 'content')).toBe(
      'content[0].type: must be one of text, image',
    );
  });

  it('reads base64 of several megabytes', () => {
    const data = 'A'.repeat(16 * 1024 * 1024);
    expect(base64.findProblem(data, 'data')).toBeNull();
    expect(base64.findProblem(`${data}AAA*`, 'data')).toBe('data: must be base64');
  });
});
