import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { storedEvent } from '../support/event-time.js';
import { SessionState } from '../../src/agent-webkit/engine/event-log/session-state.js';
import type { DeliveredEvent, WireEvent } from '../../src/agent-webkit/protocol/events.js';
import { addEvents } from '../../page/src/session/add-events.js';
import { emptyConversation } from '../../page/src/session/conversation.js';
import {
  asked,
  called,
  complete,
  delta,
  inputDelta,
  numbered,
  questioned,
  resolved,
  result,
  said,
  started,
  text,
  toolResult,
  toolUse,
} from './page-events.js';

const message = fc.constantFrom('m1', 'm2', 'm3');
const tool = fc.constantFrom('t1', 't2', 't3');
const user = fc.constantFrom('u1', 'u2', 'u3', 'u4');

/** Events in any order, including orders that no agent would produce. */
const event: fc.Arbitrary<WireEvent> = fc.oneof(
  fc.tuple(user, fc.string()).map(([id, content]) => said(id, content)),
  user.map(started),
  fc.tuple(message, fc.string()).map(([id, part]) => delta(id, part)),
  fc.tuple(message, tool, fc.string()).map(([id, name, part]) => inputDelta(id, name, part)),
  fc
    .tuple(
      message,
      fc.array(
        fc.oneof(
          fc.string().map(text),
          tool.map((id) => toolUse(id)),
        ),
      ),
    )
    .map(([id, content]) => complete(id, content)),
  fc.tuple(message, tool).map(([id, name]) => called(id, name)),
  fc
    .tuple(tool, fc.string(), fc.boolean())
    .map(([id, out, isError]) => toolResult(id, out, isError)),
  tool.map(asked),
  tool.map(questioned),
  tool.map((id) => resolved(id)),
  fc.double({ min: 0, max: 9, noNaN: true }).map((cost) => result(cost)),
  fc.constantFrom<WireEvent>(
    { event: 'error', data: { code: 'agent_error', message: 'no' } },
    { event: 'session_state', data: { state: 'dormant' } },
    { event: 'session_state', data: { state: 'idle' } },
  ),
);
const log = fc.array(event, { maxLength: 60 }).map((events) => numbered(events));
/** The connections: how many events each delivers, and how many of them repeatedly. */
const connections = fc.array(fc.record({ length: fc.nat(20), overlap: fc.nat(30) }));

describe('a conversation on the page that is read over failing connections', () => {
  it('equals one that is read without interruption, without duplicates or gaps', () => {
    fc.assert(
      fc.property(log, connections, (events, pieces) => {
        let view = emptyConversation;
        let read = 0;
        for (const { length, overlap } of [...pieces, { length: events.length, overlap: 5 }]) {
          const from = Math.max(0, read - overlap);
          view = addEvents(view, events.slice(from, read + length));
          read = Math.min(events.length, read + length);
        }
        expect(view).toEqual(addEvents(emptyConversation, events));
      }),
    );
  });

  it('has the same queue, requests and cost as the server’s own state', () => {
    fc.assert(
      fc.property(log.map(withoutRepeats), (events) => {
        const state = new SessionState();
        for (const one of events) state.apply(storedEvent(one.id, one), one);
        const view = addEvents(emptyConversation, events);

        expect(view.queue.map(({ messageId }) => messageId)).toEqual(
          state.queue.map(({ messageId }) => messageId),
        );
        expect(view.requests.map((request) => request.correlation_id).sort()).toEqual(
          [...state.requests.keys()].sort(),
        );
        expect(view.costUsd).toBe(state.costUsd);
      }),
    );
  });

  it('has a unique key for each item', () => {
    fc.assert(
      fc.property(log.map(withoutRepeats), (events) => {
        const keys = addEvents(emptyConversation, events).items.map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });
});

/** Removes duplicates: a server accepts a message, and a request, only once. */
function withoutRepeats(events: DeliveredEvent[]): DeliveredEvent[] {
  const seen = new Set<string>();
  return events.filter((one) => {
    const key =
      one.event === 'user_message'
        ? one.data.message_id
        : one.event === 'permission_request' || one.event === 'ask_user_question'
          ? one.data.correlation_id
          : null;
    if (key === null) return true;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}
