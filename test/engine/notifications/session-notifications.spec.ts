import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { WireEvent } from '../../../src/agent-webkit/protocol/events.js';
import { SessionState } from '../../../src/agent-webkit/engine/event-log/session-state.js';
import {
  NOTIFICATION_TYPES,
  type NotificationType,
} from '../../../src/agent-webkit/engine/notification.js';
import { notificationsOf } from '../../../src/agent-webkit/engine/notifications/session-notifications.js';
import { createSessionEvent } from '../../../src/agent-webkit/engine/session-event.js';

const TIME = '2026-01-02T03:04:05.006Z';
const RESULT: Extract<WireEvent, { event: 'result' }>['data'] = {
  session_id: 's',
  subtype: 'success',
  is_error: false,
  total_cost_usd: 0.01,
  session_cost_usd: 0.02,
  duration_ms: 1200,
  num_turns: 1,
  usage: { input_tokens: 1 },
  result: 'a secret text',
};

/** Returns the notifications about events that are appended together. */
function notify(wires: WireEvent[], types: readonly NotificationType[] = NOTIFICATION_TYPES) {
  const state = new SessionState();
  const appended = wires.map((wire, index) => {
    const event = createSessionEvent(index + 1, wire, TIME);
    state.apply(event, wire);
    return { event, wire };
  });
  const session = { id: 's', owner: 'ann' };
  return notificationsOf(types)(session, appended, { state, idOf: (seq) => seq + 100 });
}

const bodies = (...args: Parameters<typeof notify>) =>
  notify(...args).map(({ body }) => JSON.parse(body) as unknown);

const permission = (tool_name: string, input = {}, correlation_id = 'c'): WireEvent => ({
  event: 'permission_request',
  data: { correlation_id, tool_name, input, context: { title: 'a secret title' } },
});

const subject = (event_id: number) => ({ session_id: 's', owner: 'ann', event_id });
const of = (type: string, data: object) => ({ type, timestamp: TIME, data });

describe('The notifications about events', () => {
  it('have the ids, the names and the numbers of the events, and no text', () => {
    const wires: WireEvent[] = [
      permission('Bash', { command: 'a secret command' }),
      { event: 'ask_user_question', data: { correlation_id: 'q', questions: { secret: 1 } } },
      {
        event: 'message_delta',
        data: { message_id: 'm', delta: { type: 'text', text: 'secret' } },
      },
      { event: 'result', data: RESULT },
      { event: 'error', data: { code: 'agent_crashed', message: 'a secret message' } },
    ];
    expect(bodies(wires)).toEqual([
      of('request.opened', {
        ...subject(101),
        correlation_id: 'c',
        kind: 'permission',
        tool_name: 'Bash',
      }),
      of('request.opened', {
        ...subject(102),
        correlation_id: 'q',
        kind: 'question',
        tool_name: 'AskUserQuestion',
      }),
      of('turn.ended', {
        ...subject(104),
        subtype: 'success',
        is_error: false,
        duration_ms: 1200,
        total_cost_usd: 0.01,
        session_cost_usd: 0.02,
      }),
      of('session.failed', { ...subject(105), code: 'agent_crashed' }),
    ]);
  });

  it('tell who has answered a request', () => {
    const data = {
      correlation_id: 'c',
      kind: 'permission',
      outcome: 'allowed',
      by: 'bob',
    } as const;
    expect(bodies([{ event: 'request_resolved', data }])).toMatchObject([
      { type: 'request.resolved', data: { outcome: 'allowed', by: 'bob', correlation_id: 'c' } },
    ]);
  });

  it('tell to whom an open request was escalated', () => {
    const escalated: WireEvent = {
      event: 'request_escalated',
      data: { correlation_id: 'c', to: ['cy'], at: TIME },
    };
    const names = { correlation_id: 'c', kind: 'permission', tool_name: 'Bash' };
    expect(bodies([permission('Bash', { command: 'a secret command' }), escalated])).toEqual([
      of('request.opened', { ...subject(101), ...names }),
      of('request.escalated', { ...subject(102), ...names, to: ['cy'] }),
    ]);
    const data = { correlation_id: 'c', kind: 'permission', outcome: 'denied' } as const;
    const resolved: WireEvent = { event: 'request_resolved', data };
    expect(bodies([permission('Bash'), escalated, resolved])).toMatchObject([
      { type: 'request.resolved' },
    ]);
  });

  it('are only of the chosen types', () => {
    const wires = [permission('Bash'), { event: 'result', data: RESULT } as const];
    expect(bodies(wires, ['turn.ended'])).toMatchObject([{ type: 'turn.ended' }]);
  });

  it('have ids that the events determine, each once', () => {
    const wires = [permission('Bash'), permission('Bash', {}, 'd'), permission('Bash', {}, 'e')];
    const ids = notify(wires).map(({ id }) => id);
    expect(ids).toEqual(['s_101', 's_102', 's_103']);
    expect(notify(wires).map(({ id }) => id)).toEqual(ids);
  });

  it('are small whatever the agent writes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5000 }), fc.json(), (name, input) => {
        const [found] = notify([permission(name, { input }, 'c')]);
        expect(found?.body.length).toBeLessThan(1700);
      }),
    );
  });
});
