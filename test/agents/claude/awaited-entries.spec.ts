import type { SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { describe, expect, it } from '@jest/globals';
import { AgentFailure } from '../../../src/agent-webkit/agents/claude/agent-failure.js';
import { awaitedEntries } from '../../../src/agent-webkit/agents/claude/awaited-entries.js';

/** The entry of one call. Claude Code writes one for each block of a message. */
const call = (id: string, name = 'Bash', messageId = 'msg'): SessionStoreEntry => ({
  type: 'assistant',
  uuid: `use-${id}`,
  cwd: '/work',
  sessionId: 's',
  message: { id: messageId, content: [{ type: 'tool_use', id, name, input: {} }] },
});
const result = (id: string): SessionStoreEntry => ({
  type: 'user',
  uuid: `result-${id}`,
  message: { content: [{ type: 'tool_result', tool_use_id: id, content: 'done' }] },
});

const isBash = (name: string) => name === 'Bash';
const awaited = (toolUseID: string, more = {}) => ({
  toolUseID,
  toolName: 'Bash',
  others: [],
  answered: [],
  ...more,
});

describe('the entries for a call that asks anew', () => {
  it('are a marker behind the call, in the same conversation', () => {
    const { added, unasked } = awaitedEntries([call('a')], awaited('a'), isBash);
    expect(added).toMatchObject([
      {
        type: 'attachment',
        parentUuid: 'use-a',
        sessionId: 's',
        cwd: '/work',
        isSidechain: false,
        attachment: { type: 'hook_deferred_tool', toolUseID: 'a' },
      },
    ]);
    expect(unasked).toEqual([]);
  });

  it('follow the newest result of the message', () => {
    const entries = [
      call('old', 'Bash', 'before'),
      result('old'),
      call('a'),
      call('b'),
      result('b'),
    ];
    const { added } = awaitedEntries(entries, awaited('a'), isBash);
    expect(added).toMatchObject([{ parentUuid: 'result-b' }]);
  });

  it('fail a call that may have run, and leave one that has not asked', () => {
    const entries = ['a', 'b', 'c', 'd'].map((id) => call(id)).concat(call('e', 'Read'));
    const { added, unasked } = awaitedEntries(
      entries,
      awaited('a', { others: ['b'], answered: ['c'] }),
      isBash,
    );
    expect(unasked).toEqual([{ toolUseID: 'd', toolName: 'Bash' }]);
    const failed = added.slice(0, -1).map(({ message }) => message);
    expect(failed).toMatchObject([
      { content: [{ tool_use_id: 'c', is_error: true }] },
      { content: [{ tool_use_id: 'e', is_error: true }] },
    ]);
  });

  it('cannot be made without the call', () => {
    expect(() => awaitedEntries([call('a')], awaited('b'), isBash)).toThrow(AgentFailure);
  });
});
