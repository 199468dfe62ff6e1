/** The version of the wire protocol. It is independent of the package's version. */
export const PROTOCOL_VERSION = '1.0';

export type TextBlock = { type: 'text'; text: string };

export type ImageBlock = {
  type: 'image';
  source: {
    type: 'base64';
    media_type: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp';
    data: string;
  };
};

/** The content of a user message: plain text, or blocks of text and images. */
export type UserContent = string | (TextBlock | ImageBlock)[];

export type MessageDelta =
  | { type: 'text'; text: string }
  | { type: 'input_json_delta'; partial_json: string; tool_use_id: string; name: string };

/** The state of a session as a client sees it. */
export type SessionStateName = 'idle' | 'running' | 'awaiting' | 'dormant' | 'closed';

export type RequestKind = 'permission' | 'question';

export type RequestOutcome = 'allowed' | 'denied' | 'answered' | 'expired' | 'cancelled';

/** Set on the events of a sub-agent: the id of the tool use that started it. */
type FromSubAgent = { parent_tool_use_id?: string };

/** Every event that crosses the wire, by name, with its payload. */
export interface EventPayloads {
  session_ready: { session_id: string; protocol_version: string };
  user_message: { message_id: string; content: UserContent };
  turn_start: { message_id: string };
  message_delta: { message_id: string; delta: MessageDelta } & FromSubAgent;
  message_complete: {
    message_id: string;
    message: {
      id: string;
      role: 'assistant';
      content: unknown[];
      model: string;
      stop_reason: string | null;
    };
  } & FromSubAgent;
  tool_use: {
    message_id: string;
    tool_use_id: string;
    tool_name: string;
    input: unknown;
  } & FromSubAgent;
  tool_result: { tool_use_id: string; output: unknown; is_error: boolean } & FromSubAgent;
  permission_request: {
    correlation_id: string;
    tool_name: string;
    input: Record<string, unknown>;
    context: Record<string, unknown>;
  };
  ask_user_question: { correlation_id: string; questions: Record<string, unknown> };
  hook_decision_request: {
    correlation_id: string;
    hook_event: string;
    hook_input: Record<string, unknown>;
  };
  request_resolved: {
    correlation_id: string;
    kind: RequestKind;
    outcome: RequestOutcome;
    by?: string;
  };
  result: {
    session_id: string;
    subtype: string;
    is_error: boolean;
    /** The cost of this turn. Clients sum this figure. */
    total_cost_usd: number;
    /** The cost of the session so far, including this turn. */
    session_cost_usd: number;
    duration_ms: number;
    num_turns: number;
    usage: unknown;
    errors?: string[];
    /**
     * Set if the agent started the turn by itself, for example because a background task ended.
     * It does not end the turn of a user message.
     */
    unasked?: true;
  };
  error: { code: string; message: string };
  mcp_status_change: { server_name: string; status: string };
  session_state: { state: 'dormant' | 'idle' };
  done: Record<string, never>;
}

export type EventName = keyof EventPayloads;

/** The names of all events. */
export const EVENT_NAMES = Object.keys({
  session_ready: true,
  user_message: true,
  turn_start: true,
  message_delta: true,
  message_complete: true,
  tool_use: true,
  tool_result: true,
  permission_request: true,
  ask_user_question: true,
  hook_decision_request: true,
  request_resolved: true,
  result: true,
  error: true,
  mcp_status_change: true,
  session_state: true,
  done: true,
} satisfies Record<EventName, true>) as readonly EventName[];

/** An event before it is appended to a log: its name and its payload. */
export type WireEvent = {
  [Name in EventName]: { event: Name; data: EventPayloads[Name] };
}[EventName];

/** An event with its id, as a subscriber receives it. */
export type DeliveredEvent = WireEvent & { id: number };
