import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import {
  CreateSessionDto,
  INBOUND_DTOS,
  ListSessionsDto,
  ReadEventsDto,
} from '../../src/agent-webkit/protocol/dto.js';
import { validate } from '../../src/agent-webkit/protocol/validation.js';

const reply = INBOUND_DTOS.get('permission_response') ?? CreateSessionDto;
const PATH = 'cwd: must be a string of 1 to 4096 characters';
const NAME = 'model: must be a string of 1 to 256 characters';

describe('The rejection of a field', () => {
  it.each<[string, new () => object, object]>([
    ['wait: must be an integer from 0 to 60, but got "61".', ReadEventsDto, { wait: '61' }],
    ['wait: must be an integer from 0 to 60, but got "1.5".', ReadEventsDto, { wait: '1.5' }],
    ['limit: must be an integer from 1 to 100, but got "a".', ListSessionsDto, { limit: 'a' }],
    [`${NAME}, but got "".`, CreateSessionDto, { model: '' }],
    [`${NAME}, but got an array.`, CreateSessionDto, { model: [] }],
    [`${NAME}, but got null.`, CreateSessionDto, { model: null }],
    [
      'cwd: must not contain a NUL character, but got "a\\u0000b".',
      CreateSessionDto,
      { cwd: 'a\0b' },
    ],
    [`${PATH}, but got 5.`, CreateSessionDto, { cwd: 5 }],
    [`${PATH}, but got null.`, CreateSessionDto, { cwd: null }],
    [`${PATH}, but got an object.`, CreateSessionDto, { cwd: {} }],
    [`${PATH}, but got "".`, CreateSessionDto, { cwd: '' }],
    [
      'include_partial_messages: must be a boolean value, but got 1.',
      CreateSessionDto,
      { include_partial_messages: 1 },
    ],
    [
      'permission_mode: must be one of the following values: default, acceptEdits, plan, dontAsk, auto, bypassPermissions, but got 5.',
      CreateSessionDto,
      { permission_mode: 5 },
    ],
    [
      'message: must be a string of at most 65536 characters, but got 5.',
      reply,
      { type: 'permission_response', correlation_id: 'a', behavior: 'deny', message: 5 },
    ],
    [
      'behavior: must be one of the following values: allow, deny, but got 5.',
      reply,
      { type: 'permission_response', correlation_id: 'a', behavior: 5 },
    ],
    [
      'cursor: must be a string of at most 256 characters, but got an array.',
      ListSessionsDto,
      { cursor: ['a'] },
    ],
    [
      'correlation_id: must be a string of 1 to 256 characters, but got nothing.',
      reply,
      { type: 'permission_response', behavior: 'deny' },
    ],
    [
      "updated_input: requires behavior 'allow'.",
      reply,
      { type: 'permission_response', correlation_id: 'a', behavior: 'deny', updated_input: {} },
    ],
  ])('names the field, the rule and the received value: %s', (problem, dto, sent) => {
    expect(validate(dto, sent)).toEqual({ problem });
  });

  it('repeats no more than the beginning of a long value', () => {
    const sent = { model: 'x'.repeat(100_000) };

    expect(validate(CreateSessionDto, sent)).toEqual({
      problem: `${NAME}, but got "${'x'.repeat(80)}".`,
    });
  });
});
