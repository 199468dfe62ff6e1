import { describe, expect, it } from '@jest/globals';
import { escalationOf, readEscalatedTo } from '../../src/agent-webkit/engine/request-escalation.js';

const to = () => 'ann';
const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

describe('the escalation of a request', () => {
  it('is that of the first name that matches', () => {
    const byTool = { 'mcp__pay__*': { afterMs: 1, to }, '*': { afterMs: 2, to } };
    expect(escalationOf('mcp__pay__send', byTool, undefined, 0)).toEqual({
      at: '1970-01-01T00:00:00.001Z',
    });
    expect(escalationOf('Bash', byTool, undefined, 0)).toEqual({ at: '1970-01-01T00:00:00.002Z' });
    expect(escalationOf('Bash', {}, undefined, 0)).toBeUndefined();
  });

  it('is none when the request expires first', () => {
    const byTool = { Bash: { afterMs: 5, to } };
    expect(escalationOf('Bash', byTool, 5, 0)).toBeUndefined();
    expect(escalationOf('Bash', byTool, 6, 0)).toBeDefined();
  });
});

describe('to whom a request is escalated', () => {
  it.each([
    ['ann', ['ann']],
    [['ann'], ['ann']],
    [
      ['ann', 'bob', 'ann'],
      ['ann', 'bob'],
    ],
    ['x'.repeat(200), ['x'.repeat(200)]],
    ['👩‍💻', ['👩‍💻']],
    [names(20), names(20)],
  ])('is read from %j', (returned, read) => {
    expect(readEscalatedTo(returned)).toEqual(read);
  });

  it.each([
    [undefined],
    [null],
    [7],
    [{}],
    [''],
    [[]],
    [['ann', '']],
    [['ann', null]],
    [[['ann']]],
    ['x'.repeat(201)],
    ['\ud800'],
    [names(21)],
    [new Set(['ann'])],
  ])('is not read from %j', (returned) => {
    expect(() => readEscalatedTo(returned)).toThrow(/1 to 20/);
  });
});
