import { describe, expect, it } from '@jest/globals';
import type { ModelRequest } from '../support/fake-messages-api.js';
import { findForgotten } from './memory.js';

/** The events of a turn with the given message and end. */
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

/** The request to the model for the last of these messages, after the earlier ones. */
function asked(...contents: [string, ...string[]]): ModelRequest {
  const messages = contents.map((content) => ({
    role: 'user',
    content: [{ type: 'text', text: content }],
  }));
  return {
    text: contents.at(-1) ?? '',
    toolResults: [],
    model: 'm',
    messages,
    tools: [],
    system: '',
  };
}

describe('the memory check of an agent', () => {
  it('finds no loss when the agent sends the complete conversation to the model', () => {
    expect(findForgotten(stored, [asked('one'), asked('one', 'three')])).toEqual([]);
    expect(
      findForgotten(stored, [asked('one'), asked('one', 'two'), asked('one', 'two', 'three')]),
    ).toEqual([]);
  });

  it('reports messages that the agent does not send to the model', () => {
    expect(findForgotten(stored, [asked('one'), asked('two', 'three')])).toEqual([
      "At 'three' forgotten: one.",
    ]);
  });

  it('reports messages that are repeated, and messages that were never sent', () => {
    expect(findForgotten(stored, [asked('one'), asked('one'), asked('one', 'three')])).toEqual([
      "'one' was sent 2 times.",
    ]);
    expect(findForgotten(stored, [asked('one', 'three')])).toEqual(["'one' was never sent."]);
  });
});
