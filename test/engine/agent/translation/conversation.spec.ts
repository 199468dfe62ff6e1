import { expect, it } from '@jest/globals';
import type { SDKMessage } from '../../../../src/agent-webkit/engine/agent-client.js';
import { Conversation } from '../../../../src/agent-webkit/engine/agent/translation/conversation.js';

const begun = (conversation_id: string) => [
  { event: 'conversation_reset', data: { conversation_id } },
];

it('a new conversation has the id of the messages that follow its announcement', () => {
  const conversation = new Conversation();
  const reset = { type: 'conversation_reset', new_conversation_id: 'unused' };
  const messages = [
    { type: 'other', session_id: 'a' },
    { ...reset, session_id: 'a' },
    { type: 'other', session_id: 'a' },
    { type: 'other', session_id: 'b' },
    { type: 'late', session_id: 'a' },
    { ...reset, session_id: 'b' },
    { ...reset, session_id: 'c' },
    { type: 'without an id' },
    { type: 'other', session_id: 'd' },
  ] as unknown as SDKMessage[];
  const events = messages.map((message) => conversation.observe(message));
  expect(events).toEqual([[], [], [], begun('b'), [], [], [], [], begun('d')]);
});

it.each(['', '..', '../../../etc', '/etc', 'a/b', 'a\0', ' ', 'a'.repeat(65)])(
  'a conversation cannot have the id %j, which a program in the place of the agent could send',
  (id) => {
    const conversation = new Conversation();
    const messages = [
      { type: 'conversation_reset', session_id: 'a' },
      { type: 'other', session_id: id },
      { type: 'other', session_id: 'b' },
    ] as unknown as SDKMessage[];
    const events = messages.map((message) => conversation.observe(message));
    expect(events).toEqual([[], [], begun('b')]);
  },
);
