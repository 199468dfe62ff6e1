import type {
  DeliveredEvent,
  EventName,
  WireEvent,
} from '../../src/agent-webkit/protocol/events.js';
import { addEvents } from '../../page/src/session/add-events.js';
import { type Conversation, emptyConversation } from '../../page/src/session/conversation.js';
import { SOME_TIME } from '../support/event-time.js';

/** Numbers events consecutively. */
export function numbered(events: readonly WireEvent[], first = 1): DeliveredEvent[] {
  return events.map(
    (event, index) =>
      ({ ...event, data: { ...event.data, time: SOME_TIME }, id: first + index }) as DeliveredEvent,
  );
}

export function conversationOf(...events: WireEvent[]): Conversation {
  return addEvents(emptyConversation, numbered(events));
}

export const ready: WireEvent = {
  event: 'session_ready',
  data: { session_id: 's', protocol_version: '1.0' },
};

export const said = (id: string, content = id): WireEvent => ({
  event: 'user_message',
  data: { message_id: id, content },
});

export const started = (id: string): WireEvent => ({
  event: 'turn_start',
  data: { message_id: id },
});

export const delta = (id: string, text: string, parent?: string): WireEvent => ({
  event: 'message_delta',
  data: { message_id: id, delta: { type: 'text', text }, ...from(parent) },
});

export const inputDelta = (id: string, tool: string, json: string): WireEvent => ({
  event: 'message_delta',
  data: {
    message_id: id,
    delta: { type: 'input_json_delta', partial_json: json, tool_use_id: tool, name: 'Bash' },
  },
});

export const text = (value: string) => ({ type: 'text', text: value });
export const toolUse = (id: string, input: unknown = {}) => ({
  type: 'tool_use',
  id,
  name: 'Bash',
  input,
});

export const complete = (id: string, content: unknown[], parent?: string): WireEvent => ({
  event: 'message_complete',
  data: {
    message_id: id,
    message: { id, role: 'assistant', content, model: 'm', stop_reason: null },
    ...from(parent),
  },
});

export const called = (id: string, tool: string, input: unknown = {}): WireEvent => ({
  event: 'tool_use',
  data: { message_id: id, tool_use_id: tool, tool_name: 'Bash', input },
});

export const toolResult = (tool: string, output: unknown, isError = false): WireEvent => ({
  event: 'tool_result',
  data: { tool_use_id: tool, output, is_error: isError },
});

export const asked = (tool: string): WireEvent => ({
  event: 'permission_request',
  data: { correlation_id: tool, tool_name: 'Bash', input: {}, context: {} },
});

export const questioned = (tool: string): WireEvent => ({
  event: 'ask_user_question',
  data: { correlation_id: tool, questions: { questions: [] } },
});

export const escalated = (tool: string, to: string[]): WireEvent => ({
  event: 'request_escalated',
  data: { correlation_id: tool, to, at: '2026-01-02T03:04:05.006Z' },
});

export const resolved = (
  tool: string,
  outcome: 'allowed' | 'denied' | 'answered' | 'cancelled' = 'allowed',
): WireEvent => ({
  event: 'request_resolved',
  data: { correlation_id: tool, kind: 'permission', outcome, by: 'ann' },
});

export const result = (cost = 0.5, subtype = 'success'): WireEvent => ({
  event: 'result',
  data: {
    session_id: 's',
    subtype,
    is_error: subtype !== 'success',
    total_cost_usd: 0.1,
    session_cost_usd: cost,
    duration_ms: 10,
    num_turns: 1,
    usage: {},
  },
});

/** An event that a newer server may send. */
export const unknownEvent = { event: 'of_tomorrow' as EventName, data: {} } as WireEvent;

function from(parent: string | undefined): { parent_tool_use_id?: string } {
  return parent === undefined ? {} : { parent_tool_use_id: parent };
}
