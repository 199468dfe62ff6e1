import type { PermissionMode } from '@anthropic-ai/claude-agent-sdk';
import { NOTICE_NAMES, type FromSubAgent, type NoticePayloads } from './notices.js';
import type { OutputFormat } from './output-format.js';
import type { SessionMetadata, TitleSource } from './session-details.js';
import type { SessionMember } from './session-members.js';
import { REQUEST_NAMES, type RequestPayloads } from './requests.js';

export type { FromSubAgent, NoticePayloads } from './notices.js';
export type { RequestPayloads } from './requests.js';

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

export type RequestKind = 'permission' | 'question' | 'elicitation' | 'dialog' | 'hook';

/** The answer to a durable request, for the agent that receives it later. */
export type RequestDecisionData =
  | { behavior: 'allow'; updated_permissions?: unknown[] }
  | { behavior: 'deny'; message: string; interrupt?: boolean };

export type RequestOutcome = 'allowed' | 'denied' | 'answered' | 'expired' | 'cancelled';

/** When a request expires, and what is decided then. */
export type RequestExpiryData = {
  /** ISO 8601 in UTC. */
  at: string;
  decision: 'allow' | 'deny';
};

/** When a request is escalated if it is still open. */
export type RequestEscalationData = {
  /** ISO 8601 in UTC. */
  at: string;
};

/** The approvals that a permission needs. */
export type RequestApprovalsData = {
  /** How many callers must approve it. */
  required: number;
  /** True if the owner of the session may not approve it. */
  except_owner: boolean;
};

/** A link of the hash chain of a session's decisions. */
export type DecisionLink = {
  /** The number of the decision in its session, from 1. */
  number: number;
  /** The hash of the decision before; null for the first one. */
  prev: string | null;
  /** The hash of this decision, which covers everything recorded about it except the inputs, whose digests it covers. */
  hash: string;
};

/** The cost and the tokens of one model. */
export type ModelUsage = {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
  cost_usd: number;
};

/** How a task ended. */
export type TaskStatus = 'completed' | 'failed' | 'stopped' | 'lost';

/** The tokens, the tool uses and the time of a task. */
export type TaskUsage = { total_tokens: number; tool_uses: number; duration_ms: number };

/** Every event of the wire protocol by name, with its payload. `docs/events.md` is generated from it. */
export interface EventPayloads extends RequestPayloads, NoticePayloads {
  /** The first event of every session. */
  session_ready: { session_id: string; protocol_version: string };
  /** A user message was accepted and is in the queue. */
  user_message: {
    message_id: string;
    content: UserContent;
    /** Set if the message is for the running turn, see `message_delivered`. Absent for a turn of its own. */
    delivery?: 'next_step';
    /** The message that it replaces, see `conversation_rewound`. */
    replaces?: string;
    /** The format of the last answer of its turn. Absent if the message has none of its own. */
    output_format?: OutputFormat;
    /** The id of the caller who sent it. Absent if an earlier version stored the message. */
    by?: string;
    /** The span of its acceptance, as the header of W3C Trace Context. Absent if it belongs to no trace. */
    traceparent?: string;
    /** As the header of W3C Trace Context. */
    tracestate?: string;
  };
  /** A queued message has another content. It keeps its place in the queue. */
  message_edited: {
    message_id: string;
    content: UserContent;
    /** The id of the caller who edited it. Absent if an earlier version stored the edit. */
    by?: string;
  };
  /** A queued message was withdrawn. No agent receives it. */
  message_withdrawn: {
    message_id: string;
    /** The id of the caller who withdrew it. Absent if an earlier version stored the event. */
    by?: string;
  };
  /**
   * The running turn has received a message with the delivery `next_step`: the agent has it since its next request to
   * the model. It leaves the queue, and has no turn of its own.
   */
  message_delivered: {
    message_id: string;
    /** The `message_id` of the turn's own message, as in its `turn_start`. */
    turn: string;
    /** The id of the caller who sent or last edited the message. Absent if an earlier version stored the event. */
    by?: string;
  };
  /** The agent receives the message. Its turn starts. */
  turn_start: {
    message_id: string;
    /** The id of the caller who sent or last edited the message. Absent if an earlier version stored the message. */
    by?: string;
    /**
     * The sandbox that the agent runs in, such as `bubblewrap`; `none` if it has the rights of the server.
     * Absent if the agent does not tell.
     */
    sandbox?: string;
    /** The hosts that the agent can reach from its sandbox. Absent if it runs in none. */
    network?: readonly string[];
  };
  /** A part of a text or of a tool's input, while the agent writes. Sent with `include_partial_messages`. */
  message_delta: { message_id: string; delta: MessageDelta } & FromSubAgent;
  /**
   * A message of the agent. A message can be sent several times: each time with all of its blocks
   * so far, and with the same `message_id`. It replaces the deltas and the earlier ones, also with an
   * empty `content`.
   */
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
  /** The agent calls a tool. */
  tool_use: {
    message_id: string;
    tool_use_id: string;
    tool_name: string;
    input: unknown;
  } & FromSubAgent;
  /** A tool returned its output, or failed. */
  tool_result: {
    /** The same as in the event `tool_use`. */
    tool_use_id: string;
    output: unknown;
    is_error: boolean;
  } & FromSubAgent;
  /** A user must allow or deny the use of a tool. Reply with `permission_response`. */
  permission_request: {
    /** Identifies the request in the reply and in `request_resolved`. */
    correlation_id: string;
    tool_name: string;
    /**
     * The input of the tool. That of `ExitPlanMode` has the plan in the field `plan`: at most 262,144
     * characters of it, and then a note. A reply without `updated_input` approves the whole plan.
     */
    input: Record<string, unknown>;
    /**
     * The digest of `input`: `sha256:` and the SHA-256 of its canonical JSON (RFC 8785) in hexadecimal digits. Send
     * it back in the reply, so that it can only resolve this input. Absent in events of an earlier version.
     */
    input_digest?: string;
    /**
     * Details for the user from the SDK: `tool_use_id`, and optional fields such as `title`, `suggestions` and
     * `mcp_server`. `default_to_no` and `suppress_always_allow_rule` restrict how the user may be asked.
     * `plan_missing` is true if the agent asks for the approval of a plan that the server does not know.
     */
    context: Record<string, unknown>;
    /** When the request expires without a reply. Absent if it stays open. */
    expiry?: RequestExpiryData;
    /** When the request is escalated if it is still open, see `request_escalated`. Absent if it never is. */
    escalation?: RequestEscalationData;
    /** The approvals that the request needs. Absent if one is enough. */
    approvals?: RequestApprovalsData;
    /**
     * True if the request stays open until it is answered, also without an agent and over restarts. False if it ends
     * with its agent although its tool is durable: a sub-agent makes the call, or it could not be stored in time. Absent
     * for other tools.
     */
    durable?: boolean;
  };
  /** A user must answer questions. Reply with `question_response`. */
  ask_user_question: {
    /** Identifies the request in the reply and in `request_resolved`. */
    correlation_id: string;
    /**
     * The input of the tool `AskUserQuestion`: an object whose field `questions` is a list of
     * `{ question, header, options: [{ label, description }], multiSelect }`.
     */
    questions: Record<string, unknown>;
    /** The digest of `questions`, as in `permission_request`. */
    input_digest?: string;
    /** When the request expires without a reply. It is then denied. Absent if it stays open. */
    expiry?: RequestExpiryData;
    /** As in `permission_request`. */
    escalation?: RequestEscalationData;
    /** As in `permission_request`. */
    durable?: boolean;
  };
  /** A caller approved a request that needs more approvals, and stays open. One denial decides. */
  request_approved: {
    correlation_id: string;
    /** The id of the caller. */
    by: string;
    /** ISO 8601 in UTC. */
    at: string;
    /** The digest of the input that was approved. */
    input_digest: string;
    /** The number of approvals so far. */
    approvals: number;
    required: number;
  };
  /** A request was not resolved in time, and the host has named others who are to answer it. It stays open. */
  request_escalated: {
    correlation_id: string;
    /** The ids of callers, or other names that the host uses: 1 to 20. */
    to: string[];
    /** ISO 8601 in UTC. */
    at: string;
  };
  /** A request was answered, expired or was cancelled. */
  request_resolved: {
    correlation_id: string;
    kind: RequestKind;
    outcome: RequestOutcome;
    /** The id of the caller who replied. Absent if the request ended without a reply. */
    by?: string;
    /** The ids of all callers who approved it, in their order, if it needed several approvals. */
    approved_by?: string[];
    /** To whom it was escalated, if that happened. */
    escalated_to?: string[];
    /** Set if the request was allowed because it expired. One that expired and was denied has the outcome `expired`. */
    expired?: true;
    /** When the request was resolved: ISO 8601 in UTC. Like the fields below, absent in events of an earlier version. */
    at?: string;
    /** The digest of the input that was shown. */
    input_digest?: string;
    /** The input that was allowed, if it is not the one that was shown: an edited input, or questions with their answers. */
    updated_input?: Record<string, unknown>;
    /** The digest of `updated_input`. */
    updated_input_digest?: string;
    /** The position of this decision in the hash chain of `GET /sessions/:id/decisions`. */
    link?: DecisionLink;
    /**
     * The answer to a durable request whose agent was not running, without `updated_input`. An agent is started that
     * receives it, see `request_delivered`.
     */
    decision?: RequestDecisionData;
  };
  /**
   * An agent has received the answer to a durable request that was answered while no agent ran, and begins with the
   * call of the tool. It happens at most once. Without it, that call was not run.
   */
  request_delivered: {
    correlation_id: string;
  };
  /**
   * The turn waits for people, and its agent was stopped or has ended. The answer to a durable request starts another
   * one. Also sent before an agent is started that asks for another call of the same message.
   */
  turn_waiting: {
    /** The cost of the turn so far in US dollars. It is part of the `total_cost_usd` of the turn's `result`. */
    turn_cost_usd: number;
  };
  /** The turn ended. */
  result: {
    session_id: string;
    /**
     * The reason of the end, such as `success`, `error_max_turns`, `error_max_budget_usd` or
     * `error_during_execution`.
     */
    subtype: string;
    /** True if the turn failed. After an API error, `subtype` is `success` all the same. */
    is_error: boolean;
    /** The cost of this turn in US dollars. Clients sum this figure. */
    total_cost_usd: number;
    /** The cost of the session so far in US dollars, including this turn. */
    session_cost_usd: number;
    duration_ms: number;
    /** The number of API round trips in the turn, as the SDK counts them. */
    num_turns: number;
    /** The tokens of the turn, as the SDK reports them. */
    usage: unknown;
    /** Why the turn failed. */
    errors?: string[];
    /** The final text of the agent. Absent if it is longer than 65,536 characters: the last `message_complete` has it. */
    result?: string;
    /** The value in the output format of the message or of the session, which the agent has validated. */
    structured_output?: unknown;
    /** True if the value is longer than 262,144 characters as JSON, and was left out for that. */
    structured_output_omitted?: true;
    /** Why the agent stopped, such as `completed`, `max_turns`, `api_error` or `aborted_streaming`. */
    terminal_reason?: string;
    /** Why the model stopped, such as `end_turn` or `max_tokens`. */
    stop_reason?: string | null;
    /** The cost and the tokens of this turn by model, sub-agents included. */
    model_usage?: Record<string, ModelUsage>;
    /** The tool calls that were denied, at most 100. */
    permission_denials?: { tool_name: string; tool_use_id: string }[];
    /**
     * Set if the agent started the turn by itself, for example because a background task ended.
     * It does not end the turn of a user message.
     */
    unasked?: true;
  };
  /**
   * A failure inside the session: `agent_start_failed`, `agent_crashed`, `agent_stopped`, `agent_error`,
   * `agent_memory_exceeded`, `agent_processes_exceeded`, `agent_cpu_exceeded`, `disk_quota_exceeded`,
   * `session_folder_missing`, `agent_authentication_failed`, `agent_api_error`, `task_timeout`,
   * `transcript_not_stored`, `event_not_stored` or `turn_interrupted`.
   */
  error: { code: string; message: string };
  /** An MCP server of the agent connected, failed or changed its status. */
  mcp_status_change: { server_name: string; status: string };
  /** The session's permission mode changed: by a client, or by the agent, for example when it enters plan mode. */
  permission_mode_changed: { permission_mode: PermissionMode };
  /** A client changed the effort or the thinking budget of the session. Null stands for the agent's default. */
  effort_changed: { effort: string | null; max_thinking_tokens: number | null };
  /**
   * The agent started a task: a sub-agent, or a command that runs in the background or for some
   * seconds. At most 100 running tasks of a session are reported.
   */
  task_started: {
    /** Identifies the task in `stop_task` and in the other events of the task. */
    task_id: string;
    /** The tool use that started the task. */
    tool_use_id?: string;
    /** The task whose sub-agent started this one. */
    parent_task_id?: string;
    /** The kind of the task, as the SDK names it, such as `local_agent` or `local_bash`. */
    task_type: string;
    description: string;
    /** True if the task continues after its turn. False while its tool use waits for it. */
    in_background: boolean;
    /** Set on a task that only watches, and is no activity. */
    ambient?: true;
  };
  /**
   * A running task did something: for each task at most once in five seconds, and once in a tenth of its
   * age; or it was moved to the background.
   */
  task_progress: {
    task_id: string;
    /** The present step, for people. */
    description?: string;
    summary?: string;
    last_tool_name?: string;
    /** The usage so far. */
    usage?: TaskUsage;
    /** Set when the task was moved to the background: it continues after its turn. */
    in_background?: true;
  };
  /** A task ended. Every `task_started` has its `task_ended`, also after a crash. */
  task_ended: {
    task_id: string;
    tool_use_id?: string;
    /** `lost` means that the agent ended before the task did, or did not report how it ended. */
    status: TaskStatus;
    /** The outcome for people. */
    summary: string;
    usage?: TaskUsage;
  };
  /** The agent cleared its context, for example upon `/clear`, and continues without the earlier messages. */
  conversation_reset: {
    /** The id of the agent's new conversation. The id of the session stays the same. */
    conversation_id: string;
  };
  /**
   * A message replaces an earlier one: the agent forgets that, and everything after it. Both branches stay in the log.
   * The `turn_start` of the new message follows.
   */
  conversation_rewound: {
    /** The `message_id` of the replaced message. */
    message_id: string;
    /** The `message_id` of the new message. */
    replaced_by: string;
  };
  /** The agent was stopped (`dormant`) or resumed (`idle`). */
  session_state: { state: 'dormant' | 'idle' };
  /**
   * A client changed what is noted about the session. Only the changed fields are present, with their new values.
   * A title that is made from a message has no event of its own: it is that of the first `user_message` with text.
   */
  session_changed: {
    title?: string | null;
    /** Present with `title`. */
    title_source?: TitleSource;
    /** All values, also those that are as before. */
    metadata?: SessionMetadata;
    archived?: boolean;
    /** The id of the caller. */
    by: string;
  };
  /** The owner has changed with whom the session is shared, by `PUT /sessions/:id/members`. */
  members_changed: {
    /** All members, also those who are as before. */
    members: readonly SessionMember[];
    /** The id of the caller. */
    by: string;
  };
  /** The session ended. The stream ends, too. */
  done: Record<string, never>;
}

export type EventName = keyof EventPayloads;

/** The names of all events. */
export const EVENT_NAMES = Object.keys({
  session_ready: true,
  user_message: true,
  message_edited: true,
  message_withdrawn: true,
  message_delivered: true,
  turn_start: true,
  message_delta: true,
  message_complete: true,
  tool_use: true,
  tool_result: true,
  permission_request: true,
  ask_user_question: true,
  request_approved: true,
  request_escalated: true,
  request_resolved: true,
  request_delivered: true,
  turn_waiting: true,
  result: true,
  error: true,
  mcp_status_change: true,
  permission_mode_changed: true,
  effort_changed: true,
  task_started: true,
  task_progress: true,
  task_ended: true,
  conversation_reset: true,
  conversation_rewound: true,
  session_state: true,
  session_changed: true,
  members_changed: true,
  done: true,
  ...REQUEST_NAMES,
  ...NOTICE_NAMES,
} satisfies Record<EventName, true>) as readonly EventName[];

/** An event before it is appended to a log: its name and its payload. */
export type WireEvent = {
  [Name in EventName]: { event: Name; data: EventPayloads[Name] };
}[EventName];

/** The field that the server adds to the payload of every event when it appends it. */
export interface EventTime {
  /** When the server appended the event: ISO 8601 in UTC. */
  time: string;
}

/** An event with {@link EventTime} in its payload. */
export type Timed<Event extends { data: object }> = Event extends { data: infer Payload }
  ? Omit<Event, 'data'> & { data: Payload & EventTime }
  : never;

/** An event with its id and its time, as a subscriber receives it. */
export type DeliveredEvent = Timed<WireEvent> & { id: number };
