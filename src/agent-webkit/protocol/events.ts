/** The version of the wire protocol this server speaks. It is versioned apart from the package. */
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

/** What a user may send: plain text, or blocks of text and images. */
export type UserContent = string | (TextBlock | ImageBlock)[];

export type MessageDelta =
  | { type: 'text'; text: string }
  | { type: 'input_json_delta'; partial_json: string; tool_use_id: string; name: string };

/** A session as a client sees it: what waits, what runs, what asks, or why nothing does. */
export type SessionStateName = 'idle' | 'running' | 'awaiting' | 'dormant' | 'closed';

export type RequestKind = 'permission' | 'question';

export type RequestOutcome = 'allowed' | 'denied' | 'answered' | 'expired' | 'cancelled';

/** Set on what a sub-agent says: the id of the tool use that started it. */
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
    /** What this turn cost. Clients add this figure up. */
    total_cost_usd: number;
    /** What the session has cost so far, this turn included. */
    session_cost_usd: number;
    duration_ms: number;
    num_turns: number;
    usage: unknown;
    errors?: string[];
    /**
     * Set where the agent had begun by itself, for example because a task in the background had
     * ended. No user message's turn ends with it.
     */
    unasked?: true;
  };
  error: { code: string; message: string };
  mcp_status_change: { server_name: string; status: string };
  session_state: { state: 'dormant' | 'idle' };
  done: Record<string, never>;
}

export type EventName = keyof EventPayloads;

/** Every event's name. */
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

/** An event before it has a place in a log: its name and its payload. */
export type WireEvent = {
  [Name in EventName]: { event: Name; data: EventPayloads[Name] };
}[EventName];

/** An event with its id, as a subscriber gets it. */
export type DeliveredEvent = WireEvent & { id: number };
