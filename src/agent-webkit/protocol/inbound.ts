import type { EffortLevel, PermissionMode, PermissionUpdate } from '@anthropic-ai/claude-agent-sdk';
import type { UserContent } from './events.js';
import type { OutputFormat } from './output-format.js';
import type { SessionMetadata } from './session-details.js';
import type { SessionMember } from './session-members.js';

/** The permission modes of the SDK. The host decides which of them a client may choose. */
export const PERMISSION_MODES = [
  'default',
  'acceptEdits',
  'plan',
  'dontAsk',
  'auto',
  'bypassPermissions',
] as const satisfies readonly PermissionMode[];

/** The effort levels of the SDK. The host decides which of them a client may choose. */
export const EFFORT_LEVELS = [
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
] as const satisfies readonly EffortLevel[];

/** The body of POST /sessions. */
export interface CreateSession {
  model?: string;
  permission_mode?: PermissionMode;
  /** The effort of the model. @default the agent's own */
  effort?: EffortLevel;
  cwd?: string;
  include_partial_messages?: boolean;
  /** At most 200 characters. Without one, the first message gives the session a title. */
  title?: string;
  /** At most 50 values, and 8,192 characters as JSON. */
  metadata?: SessionMetadata;
  archived?: boolean;
  /** The content of the first message. If it is refused, no session is created. */
  message?: UserContent;
}

/** The body of PATCH /sessions/:id. A field that is absent stays as it is. */
export interface ChangeSession {
  /** Null for the title that was made from the first message. */
  title?: string | null;
  /** The values to set, and null for each to remove. The others stay. Null instead of the object removes all. */
  metadata?: Record<string, SessionMetadata[string] | null> | null;
  /** Null is the same as false. */
  archived?: boolean | null;
}

/** The body of PUT /sessions/:id/members. */
export interface SetMembers {
  /** All members from now on: at most 50, each with one role. An empty list ends the sharing. */
  members: readonly SessionMember[];
  /**
   * The members that the session has, in any order. If it has others, because another call has changed them, this one is rejected
   * with 409. @default any
   */
  expected_members?: readonly SessionMember[];
}

/** When the agent receives a user message: in a turn of its own, or before the next step of the running turn. */
export type MessageDelivery = 'queue' | 'next_step';
export const MESSAGE_DELIVERIES = [
  'queue',
  'next_step',
] as const satisfies readonly MessageDelivery[];

export interface UserMessage {
  type: 'user_message';
  content: UserContent;
  /** A UUID chosen by the client. A message with the same one is accepted once. */
  message_id?: string;
  /**
   * When the agent receives the message: `queue`, in a turn of its own after the messages before it; `next_step`, in the
   * running turn before the agent's next request to the model, or in a turn of its own if that turn ends before.
   *
   * @default 'queue'
   */
  delivery?: MessageDelivery;
  /**
   * The `message_id` of the message that this one replaces: the agent forgets it, and everything after it. Send the
   * same content for a retry, or an edited one. The message must have a turn of its own in the agent's present
   * conversation, and the session must be idle.
   *
   * @default none
   */
  replaces?: string;
  /**
   * The format of the last answer of this message's turn. The value is in the `result`, as `structured_output`. Only where the
   * host permits it, and not with the delivery `next_step`.
   *
   * @default the format of the session, if it has one
   */
  output_format?: OutputFormat;
}

/** The body of PATCH /sessions/:id/queue/:message_id. */
export interface EditMessage {
  content: UserContent;
}

export interface PermissionResponse {
  type: 'permission_response';
  correlation_id: string;
  behavior: 'allow' | 'deny';
  updated_input?: Record<string, unknown>;
  updated_permissions?: PermissionUpdate[];
  message?: string;
  interrupt?: boolean;
  /** The `input_digest` of the request that the user saw. A reply to another input is rejected with 409. */
  input_digest?: string;
}

export interface QuestionResponse {
  type: 'question_response';
  correlation_id: string;
  /** A map of question to answer, `{answers: map}`, or a list of `{question, selectedOptions}`. */
  answers: unknown;
  /** The `input_digest` of the questions that the user saw. A reply to other questions is rejected with 409. */
  input_digest?: string;
}

/** The values of a form, by the names of its properties. */
export type FormContent = Record<string, string | number | boolean | string[]>;

export interface ElicitationResponse {
  type: 'elicitation_response';
  correlation_id: string;
  /** `accept`: the form is filled in, or the user agrees to visit the page. `cancel` dismisses it without a choice. */
  action: 'accept' | 'decline' | 'cancel';
  content?: FormContent;
  /** The `input_digest` of the request that the user saw. A reply to another one is rejected with 409. */
  input_digest?: string;
}

export interface DialogResponse {
  type: 'dialog_response';
  correlation_id: string;
  /** `cancelled`: the user dismissed the dialog, and the agent does as without it. */
  behavior: 'completed' | 'cancelled';
  /** The choice of the user, as the kind of the dialog requires. */
  result?: unknown;
  /** As in the reply to an elicitation. */
  input_digest?: string;
}

export interface HookDecisionResponse {
  type: 'hook_decision_response';
  correlation_id: string;
  behavior: 'allow' | 'deny';
  /** The reason of a denial, for the agent. */
  message?: string;
  /** As in the reply to an elicitation. */
  input_digest?: string;
}

/** A reply to a request of the agent. */
export type RequestReply =
  | PermissionResponse
  | QuestionResponse
  | ElicitationResponse
  | DialogResponse
  | HookDecisionResponse;

/** A message from a client to a session. */
export type InboundMessage =
  | UserMessage
  | RequestReply
  | { type: 'interrupt' }
  | { type: 'set_permission_mode'; mode: PermissionMode }
  | { type: 'set_model'; model: string | null }
  | { type: 'set_effort'; effort: EffortLevel | null }
  | { type: 'set_max_thinking_tokens'; max_thinking_tokens: number | null }
  | { type: 'mcp_reconnect'; server: string }
  | { type: 'mcp_toggle'; server: string; enabled: boolean }
  | { type: 'stop_task'; task_id: string };
