import type { PermissionMode, PermissionUpdate } from '@anthropic-ai/claude-agent-sdk';
import type { UserContent } from './events.js';

/** The modes the SDK knows. Which of them a client may ask for is the host's choice. */
export const PERMISSION_MODES = [
  'default',
  'acceptEdits',
  'plan',
  'dontAsk',
  'auto',
  'bypassPermissions',
] as const satisfies readonly PermissionMode[];

/** What POST /sessions may ask for. */
export interface CreateSession {
  model?: string;
  permission_mode?: PermissionMode;
  cwd?: string;
  include_partial_messages?: boolean;
}

export interface UserMessage {
  type: 'user_message';
  content: UserContent;
  /** A UUID of the client's: a message with the same one is accepted once. */
  message_id?: string;
}

export interface PermissionResponse {
  type: 'permission_response';
  correlation_id: string;
  behavior: 'allow' | 'deny';
  updated_input?: Record<string, unknown>;
  updated_permissions?: PermissionUpdate[];
  message?: string;
  interrupt?: boolean;
}

export interface QuestionResponse {
  type: 'question_response';
  correlation_id: string;
  /** A map of question to answer, `{answers: map}`, or a list of `{question, selectedOptions}`. */
  answers: unknown;
}

/** A message of a client to a session. */
export type InboundMessage =
  | UserMessage
  | PermissionResponse
  | QuestionResponse
  | { type: 'interrupt' }
  | { type: 'set_permission_mode'; mode: PermissionMode }
  | { type: 'set_model'; model: string | null }
  | { type: 'stop_task'; task_id: string };
