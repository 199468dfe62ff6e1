import { describe, expect, it } from '@jest/globals';
import type { WireEvent } from '../../src/agent-webkit/protocol/events.js';
import type { Block } from '../../page/src/session/blocks.js';
import type { Conversation } from '../../page/src/session/conversation.js';
import { addEvents } from '../../page/src/session/add-events.js';
import {
  asked,
  called,
  complete,
  conversationOf,
  delta,
  escalated,
  inputDelta,
  numbered,
  questioned,
  ready,
  resolved,
  result,
  said,
  started,
  text,
  toolResult,
  toolUse,
  unknownEvent,
} from './page-events.js';

const describeBlock = (block: Block): string => {
  if (block.kind === 'text') return block.text;
  return block.kind === 'tool' ? `<${block.name}>` : block.kind;
};

/** The visible text of the page, one line per item. */
const shown = ({ items }: Conversation): string[] =>
  items.map((item) => {
    if (item.kind === 'user') return `you: ${JSON.stringify(item.content)}`;
    if (item.kind === 'agent') return `agent: ${item.blocks.map(describeBlock).join('|')}`;
    if (item.kind === 'result') return item.subtype;
    return `${item.kind}: ${item.kind === 'note' ? item.text : item.message}`;
  });

const firstTool = ({ items }: Conversation) =>
  items
    .flatMap((item) => (item.kind === 'agent' ? item.blocks : []))
    .find((block) => block.kind === 'tool');

const retry = (kind: string): WireEvent => ({
  event: 'api_retry',
  data: { attempt: 1, max_retries: 10, retry_delay_ms: 1500, status: 529, kind },
});

const task = (task_id: string, in_background: boolean): WireEvent => ({
  event: 'task_started',
  data: { task_id, task_type: 'local_bash', description: `task ${task_id}`, in_background },
});

describe('a conversation on the page', () => {
  it('shows a message when its turn starts, and as queued until then', () => {
    const waiting = conversationOf(ready, said('a', 'one'), said('b', 'two'), started('a'));

    expect(shown(waiting)).toEqual(['you: "one"']);
    expect(waiting.queue).toEqual([{ messageId: 'b', content: 'two' }]);
    expect(waiting.isRunning).toBe(true);
  });

  it('shows text while it streams, and then the complete message', () => {
    const streaming = conversationOf(
      ready,
      said('a'),
      started('a'),
      delta('m', 'He'),
      delta('m', 'llo'),
    );
    expect(shown(streaming)).toEqual(['you: "a"', 'agent: Hello']);
    expect(streaming.items.at(-1)).toMatchObject({ isStreaming: true });

    const done = addEvents(streaming, numbered([complete('m', [text('Hello.')]), result()], 6));
    expect(shown(done)).toEqual(['you: "a"', 'agent: Hello.', 'success']);
    expect(done).toMatchObject({ isRunning: false, costUsd: 0.5 });
  });

  it('starts a new block when text follows complete blocks', () => {
    const view = conversationOf(
      delta('m', 'one'),
      complete('m', [text('one')]),
      delta('m', 'two'),
      delta('m', ' three'),
    );
    expect(shown(view)).toEqual(['agent: one|two three']);
  });

  it('updates a tool call from its streaming input to its result', () => {
    const events = [
      inputDelta('m', 't', '{"command":'),
      inputDelta('m', 't', '"ls"}'),
      complete('m', [toolUse('t', { command: 'ls' })]),
      called('m', 't', { command: 'ls' }),
      asked('t'),
      resolved('t'),
      toolResult('t', 'README.md'),
    ];
    const at = (count: number) => firstTool(conversationOf(...events.slice(0, count)));

    expect(at(2)).toMatchObject({ partialInput: '{"command":"ls"}', input: undefined });
    expect(at(4)).toMatchObject({ input: { command: 'ls' }, result: null });
    expect(at(5)).toMatchObject({ isAsked: true });
    expect(at(7)).toMatchObject({
      isAsked: false,
      outcome: { outcome: 'allowed', by: 'ann' },
      result: { output: 'README.md', isError: false },
    });
  });

  it('keeps the state of a tool call when its message is repeated with more blocks', () => {
    const view = conversationOf(
      complete('m', [toolUse('t')]),
      toolResult('t', 'out'),
      complete('m', [toolUse('t'), text('and')]),
    );
    expect(shown(view)).toEqual(['agent: <Bash>|and']);
    expect(firstTool(view)).toMatchObject({ result: { output: 'out' } });
  });

  it('shows open requests, and closes them regardless of who replied', () => {
    const open = conversationOf(ready, asked('t'), questioned('q'));
    expect(open.requests.map(({ kind, correlation_id: id }) => [kind, id])).toEqual([
      ['permission', 't'],
      ['question', 'q'],
    ]);
    expect(addEvents(open, numbered([resolved('t')], 4)).requests).toHaveLength(1);
  });

  it('shows to whom a request was escalated', () => {
    const { requests } = conversationOf(
      asked('t'),
      questioned('q'),
      asked('u'),
      escalated('t', ['ann', 'bob']),
      escalated('q', ['cy']),
    );
    expect(requests.map(({ correlation_id: id }) => id)).toEqual(['t', 'q', 'u']);
    expect(requests[0]).toMatchObject({ escalatedTo: ['ann', 'bob'] });
    expect(requests[1]).toMatchObject({ escalatedTo: ['cy'] });
    expect(requests[2]).not.toHaveProperty('escalatedTo');
  });

  it('shows the request of an MCP server until it is resolved', () => {
    const data = {
      correlation_id: 'e1',
      server_name: 'crm',
      message: 'Who?',
      mode: 'form',
      input_digest: 'sha256:0',
    } as const;
    const form = { event: 'elicitation_request', data } as const;
    expect(conversationOf(form).requests).toEqual([
      expect.objectContaining({ kind: 'elicitation', ...data }),
    ]);
    const declined = {
      event: 'request_resolved',
      data: { correlation_id: 'e1', kind: 'elicitation', outcome: 'denied', by: 'ann' },
    } as const;
    expect(conversationOf(form, declined).requests).toEqual([]);
  });

  it('keeps the received part of an aborted message', () => {
    const view = conversationOf(
      said('a'),
      started('a'),
      delta('m', 'I cou'),
      result(0, 'error_during_execution'),
    );
    expect(shown(view)).toEqual(['you: "a"', 'agent: I cou', 'error_during_execution']);
    expect(view.items[1]).toMatchObject({ isStreaming: false });
  });

  it('separates the messages of sub-agents from those of the agent', () => {
    const view = conversationOf(delta('m', 'main'), delta('s', 'sub', 't'), delta('m', ' on'));
    expect(shown(view)).toEqual(['agent: main on', 'agent: sub']);
    expect(view.items[1]).toMatchObject({ parent: 't' });
  });

  it('shows a tool result whose call is no longer stored', () => {
    const view = conversationOf(toolResult('gone', 'out', true));
    expect(firstTool(view)).toMatchObject({ id: 'gone', result: { output: 'out', isError: true } });
  });

  it('shows when the agent stops and starts, and when the session ends', () => {
    const asleep = conversationOf(ready, { event: 'session_state', data: { state: 'dormant' } });
    expect(asleep).toMatchObject({ isDormant: true, isRunning: false });
    const over = addEvents(asleep, numbered([asked('t'), { event: 'done', data: {} }], 3));
    expect(over).toMatchObject({ isClosed: true, requests: [] });
  });

  it('shows when the beginning is no longer stored', () => {
    expect(conversationOf(ready).lacksBeginning).toBe(false);
    const late = addEvents(conversationOf(), []);
    expect(addEvents(late, numbered([result()], 700)).lacksBeginning).toBe(true);
  });

  it('keeps what a person must know', () => {
    expect(
      shown(
        conversationOf(
          retry('authentication_failed'),
          { event: 'compaction_end', data: { outcome: 'failed', message: 'too long' } },
          { event: 'rate_limit', data: { status: 'rejected', kind: 'five_hour' } },
          { event: 'permission_denied', data: { tool_name: 'Bash', tool_use_id: 't' } },
        ),
      ),
    ).toEqual([
      'note: The conversation could not be summarized: too long',
      'note: The rate limit (five hour) is reached.',
      'note: Bash was denied without a request.',
    ]);
  });

  it('lists tasks until they end, and notes the end of those in the background', () => {
    const view = conversationOf(ready, task('a', false), task('b', true), {
      event: 'task_progress',
      data: { task_id: 'a', in_background: true, summary: 'half' },
    });
    expect(view.tasks.map(({ id, step, isInBackground }) => [id, step, isInBackground])).toEqual([
      ['a', 'half', true],
      ['b', '', true],
    ]);
    const ended: WireEvent = {
      event: 'task_ended',
      data: { task_id: 'b', status: 'stopped', summary: '' },
    };
    const after = addEvents(view, numbered([ended], 5));
    expect(after.tasks.map(({ id }) => id)).toEqual(['a']);
    expect(shown(after)).toEqual(['note: Background task “task b” was stopped.']);
  });

  it('ignores unknown events of a newer server', () => {
    expect(shown(conversationOf(ready, unknownEvent, delta('m', 'on')))).toEqual(['agent: on']);
  });

  it('does not modify the previous conversation', () => {
    const before = conversationOf(ready, said('a'), started('a'), delta('m', 'x'));
    const copy = structuredClone(before);
    addEvents(before, numbered([delta('m', 'y'), said('b'), asked('t'), result()], 5));
    expect(before).toEqual(copy);
  });
});
