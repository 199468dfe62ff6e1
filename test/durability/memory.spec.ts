import { describe, expect, it } from '@jest/globals';
import type { ModelRequest } from '../support/fake-messages-api.js';
import { findForgotten } from './memory.js';

/** A turn of what is said so, ended so. */
function turn(content: string, subtype: string) {
  return [
    { event: 'user_message', data: { message_id: content, content } },
    { event: 'turn_start', data: { message_id: content } },
    { event: 'result', data: { subtype } },
  ];
}

const stored = [
  ...turn('one', 'success'),
  ...turn('two', 'error_during_execution'),
  ...turn('three', 'success'),
].map((event, index) => ({ id: index + 1, ...event }));

/** What the model is asked when the last of these is said, and the others before. */
function asked(...contents: [string, ...string[]]): ModelRequest {
  const messages = contents.map((content) => ({
    role: 'user',
    content: [{ type: 'text', text: content }],
  }));
  return { text: contents.at(-1) ?? '', toolResults: [], model: 'm', messages, tools: [] };
}

describe('what an agent has forgotten', () => {
  it('is nothing when it tells the model all that was done', () => {
    expect(findForgotten(stored, [asked('one'), asked('one', 'three')])).toEqual([]);
    expect(
      findForgotten(stored, [asked('one'), asked('one', 'two'), asked('one', 'two', 'three')]),
    ).toEqual([]);
  });

  it('is what it does not tell the model', () => {
    expect(findForgotten(stored, [asked('one'), asked('two', 'three')])).toEqual([
      "At 'three' forgotten: one.",
    ]);
  });

  it('is told with what it said twice, and what it never said', () => {
    expect(findForgotten(stored, [asked('one'), asked('one'), asked('one', 'three')])).toEqual([
      "'one' was told 2 times.",
    ]);
    expect(findForgotten(stored, [asked('one', 'three')])).toEqual(["'one' was never told."]);
  });
});
