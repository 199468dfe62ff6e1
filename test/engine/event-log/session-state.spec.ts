import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseSessionEvent } from '../../../src/agent-webkit/engine/session-event.js';
import { SessionState } from '../../../src/agent-webkit/engine/event-log/session-state.js';
import { storedEvent } from '../../support/event-time.js';
import type { WireEvent } from '../../../src/agent-webkit/protocol/events.js';
import { saying, Speaker } from '../../support/log-model.js';

const message = (message_id: string): WireEvent => ({
  event: 'user_message',
  data: { message_id, content: `says ${message_id}` },
});
const sent = (message_id: string, by: string, delivery?: 'next_step'): WireEvent => ({
  event: 'user_message',
  data: { message_id, content: '', by, ...(delivery && { delivery }) },
});
const start = (message_id: string): WireEvent => ({ event: 'turn_start', data: { message_id } });
const ask = (correlation_id: string): WireEvent => ({
  event: 'permission_request',
  data: { correlation_id, tool_name: 'Bash', input: { command: 'ls' }, context: {} },
});
const question = (correlation_id: string): WireEvent => ({
  event: 'ask_user_question',
  data: { correlation_id, questions: { questions: [] } },
});
const approved = (correlation_id: string, by: string): WireEvent => ({
  event: 'request_approved',
  data: { correlation_id, by, at: '', input_digest: '', approvals: 1, required: 3 },
});
const escalated = (correlation_id: string, to: string[]): WireEvent => ({
  event: 'request_escalated',
  data: { correlation_id, to, at: '' },
});
const resolved = (correlation_id: string): WireEvent => ({
  event: 'request_resolved',
  data: { correlation_id, kind: 'permission', outcome: 'allowed' },
});
const result = (session_cost_usd = 0): WireEvent => ({
  event: 'result',
  data: {
    session_id: 's',
    subtype: 'success',
    is_error: false,
    total_cost_usd: 0,
    session_cost_usd,
    duration_ms: 1,
    num_turns: 1,
    usage: {},
  },
});

/** Returns the state after these events, and the seqs of its open events. */
function fold(...wires: WireEvent[]): SessionState & { open: number[] } {
  const state = new SessionState();
  wires.forEach((wire, index) => state.apply(storedEvent(index + 1, wire), wire));
  return Object.assign(state, { open: state.openEvents().map(({ seq }) => seq) });
}

describe('the state of a session', () => {
  it('has the queued messages in their order', () => {
    const { queue, turn, open } = fold(message('a'), message('b'));
    expect(queue.map(({ messageId, content }) => [messageId, content])).toEqual([
      ['a', 'says a'],
      ['b', 'says b'],
    ]);
    expect(turn).toBeNull();
    expect(open).toEqual([1, 2]);
  });

  it('has the running turn with its message', () => {
    const { queue, turn, open, hasConversation } = fold(message('a'), message('b'), start('a'));
    expect(turn).toMatchObject({ event: { seq: 3 }, message: { messageId: 'a' } });
    expect(queue.map(({ messageId }) => messageId)).toEqual(['b']);
    expect(open).toEqual([1, 2, 3]);
    expect(hasConversation).toBe(true);
  });

  it('knows all who asked for the work of a turn, also from the events that are kept', () => {
    const edited: WireEvent = {
      event: 'message_edited',
      data: { message_id: 'a', content: 'x', by: 'bob' },
    };
    const started: WireEvent = { event: 'turn_start', data: { message_id: 'a', by: 'bob' } };
    const delivered: WireEvent = {
      event: 'message_delivered',
      data: { message_id: 'b', turn: 'a', by: 'cy' },
    };
    const wires = [sent('a', 'ann'), edited, started, sent('b', 'cy', 'next_step')];
    const before = fold(...wires);
    expect([...before.askedBy].sort()).toEqual(['ann', 'bob', 'cy']);
    const state = fold(...wires, delivered);
    const restored = new SessionState();
    for (const event of state.openEvents()) restored.apply(event, parseSessionEvent(event));
    for (const { askedBy } of [state, restored]) {
      expect([...new Set(askedBy)].sort()).toEqual(['ann', 'bob', 'cy']);
    }
    const task: WireEvent = {
      event: 'task_started',
      data: { task_id: 't', description: 'x', task_type: 'local_agent' } as never,
    };
    const next = [sent('c', 'dan'), { ...started, data: { message_id: 'c', by: 'dan' } }];
    const inBackground = fold(...wires, delivered, task, result(), ...next);
    expect([...inBackground.askedBy].sort()).toEqual(['ann', 'bob', 'cy', 'dan']);
    expect(fold(...wires, delivered, result(), ...next).askedBy).toEqual(['dan']);
    const ended = fold(...wires, delivered, result());
    expect([...ended.askedBy].sort()).toEqual(['ann', 'bob', 'cy']);
  });

  it('has the newest result and its cost when the turn has ended', () => {
    const state = fold(message('a'), start('a'), result(1), message('b'), start('b'), result(3));
    expect(state).toMatchObject({ turn: null, queue: [], costUsd: 3, open: [5, 6] });
  });

  it('has the open requests with their inputs', () => {
    const { requests, open } = fold(ask('a'), question('b'), ask('c'), resolved('a'));
    expect([...requests.values()]).toMatchObject([
      { correlationId: 'b', kind: 'question', input: { questions: [] } },
      { correlationId: 'c', kind: 'permission', input: { command: 'ls' } },
    ]);
    expect(open).toEqual([2, 3]);
  });

  it('has the approvals of an open request, whose events stay until it is resolved', () => {
    const events = [ask('a'), approved('a', 'ann'), approved('other', 'ann'), approved('a', 'bob')];
    const { requests, open } = fold(...events);
    expect(requests.get('a')).toMatchObject({ approvedBy: ['ann', 'bob'] });
    expect(open).toEqual([1, 2, 4]);
    expect(fold(...events, resolved('a')).open).toEqual([]);
  });

  it('has to whom an open request was first escalated, and that event stays until it is resolved', () => {
    const events = [
      ask('a'),
      escalated('a', ['ann']),
      escalated('other', ['ann']),
      escalated('a', ['bob']),
    ];
    const { requests, open } = fold(...events);
    expect(requests.get('a')).toMatchObject({ escalatedTo: ['ann'] });
    expect(open).toEqual([1, 2]);
    expect(fold(...events, resolved('a')).open).toEqual([]);
  });

  it('is unfinished for a durable request until that was escalated, and finished while it waits for people alone', () => {
    const turn = [message('m'), start('m')];
    const durable = ask('a');
    Object.assign(durable.data, { durable: true, escalation: { at: '2026-01-02T03:04:05.006Z' } });
    expect(fold(...turn, durable).isUnfinished).toBe(true);
    expect(fold(...turn, durable, escalated('a', ['ann'])).isUnfinished).toBe(false);
  });

  it('ignores an event whose opening event is no longer kept', () => {
    const state = fold(resolved('nobody'), start('trimmed'), result());
    expect(state).toMatchObject({ turn: null, queue: [], hasConversation: true, open: [2, 3] });
  });

  it('is closed when the session has ended', () => {
    expect(fold(message('a')).closed).toBe(false);
    expect(fold({ event: 'done', data: {} }).closed).toBe(true);
  });

  it('has no conversation before a turn has started', () => {
    expect(fold(message('a'), ask('b')).hasConversation).toBe(false);
  });

  it('is the same when it is folded from its open events only', () => {
    fc.assert(
      fc.property(fc.array(saying, { maxLength: 80 }), (sayings) => {
        const speaker = new Speaker();
        const state = new SessionState();
        sayings.forEach((next, index) => {
          const wire = speaker.say(next);
          state.apply(storedEvent(index + 1, wire), wire);
        });
        const open = state.openEvents();
        expect(open.map(({ seq }) => seq)).toEqual(speaker.open);
        const again = new SessionState(undefined, state.details);
        for (const event of open) again.apply(event, parseSessionEvent(event));
        expect(again).toEqual(state);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the conversations of a session', () => {
  it('are the last 100 that followed the first one, whose events stay open', () => {
    const state = new SessionState();
    for (let seq = 1; seq <= 102; seq += 1) {
      const wire: WireEvent = {
        event: 'conversation_reset',
        data: { conversation_id: `c${seq}` },
      };
      state.apply({ seq, name: wire.event, data: JSON.stringify(wire.data) }, wire);
    }
    expect(state.laterConversations).toHaveLength(100);
    expect(state.laterConversations.at(-1)).toBe('c102');
    expect(state.openEvents().map(({ seq }) => seq)).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 3),
    );
    expect(state.isUnfinished).toBe(false);
  });
});
