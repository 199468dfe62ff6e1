import * as errors from '../errors.js';
import { AgentWebkitError, type ErrorCode } from '../errors.js';
import { isRecord } from '../../protocol/is-record.js';

/** An error as servers pass it to each other. */
export interface WireError {
  /** `internal` for an error that no client receives the details of. */
  readonly code: ErrorCode | 'internal';
  readonly message: string;
  readonly retryAfterSeconds: number | null;
}

/** The class of each error code. */
const CLASSES = {
  invalid_request: errors.InvalidRequestError,
  unauthorized: errors.UnauthorizedError,
  forbidden: errors.ForbiddenError,
  session_not_found: errors.SessionNotFoundError,
  no_pending_request: errors.NoPendingRequestError,
  input_changed: errors.InputChangedError,
  members_changed: errors.MembersChangedError,
  no_running_task: errors.NoRunningTaskError,
  session_busy: errors.SessionBusyError,
  server_not_found: errors.ServerNotFoundError,
  no_other_server: errors.NoOtherServerError,
  mcp_server_not_found: errors.McpServerNotFoundError,
  mcp_server_unavailable: errors.McpServerUnavailableError,
  message_not_found: errors.MessageNotFoundError,
  message_not_queued: errors.MessageNotQueuedError,
  message_not_replaceable: errors.MessageNotReplaceableError,
  cursor_evicted: errors.CursorEvictedError,
  cursor_ahead: errors.CursorAheadError,
  cursor_lost: errors.CursorLostError,
  payload_too_large: errors.PayloadTooLargeError,
  not_storable: errors.NotStorableError,
  too_many_sessions: errors.TooManySessionsError,
  too_many_creations: errors.TooManyCreationsError,
  too_many_subscribers: errors.TooManySubscribersError,
  daily_budget_exhausted: errors.DailyBudgetExhaustedError,
  agents_busy: errors.AgentsBusyError,
  backpressure: errors.BackpressureError,
  server_overloaded: errors.ServerOverloadedError,
  shutting_down: errors.ShuttingDownError,
  session_unavailable: errors.SessionUnavailableError,
  server_unavailable: errors.ServerUnavailableError,
  storage_unavailable: errors.StorageUnavailableError,
  workspace_unavailable: errors.WorkspaceUnavailableError,
  sandbox_unavailable: errors.SandboxUnavailableError,
} as const satisfies {
  readonly [Code in ErrorCode]: abstract new (...args: never[]) => AgentWebkitError & {
    readonly code: Code;
  };
};

const INTERNAL: WireError = {
  code: 'internal',
  message: 'The server that runs the session could not handle the request.',
  retryAfterSeconds: null,
};

/** Returns what another server may know of an error: everything that a client may, and nothing else. */
export function toWireError(error: unknown): WireError {
  if (!(error instanceof AgentWebkitError)) return INTERNAL;
  const { code, message, retryAfterSeconds } = error;
  return { code, message, retryAfterSeconds };
}

/** Returns the error that another server has passed, as an instance of its class. */
export function fromWireError(sent: unknown): Error {
  const { code, message, retryAfterSeconds } = isRecord(sent) ? sent : INTERNAL;
  const Class = isCode(code) ? CLASSES[code] : null;
  if (!Class || typeof message !== 'string') return new Error(INTERNAL.message);
  // Not by its constructor, which composes another message.
  const error = Reflect.construct(Error, [message], Class) as AgentWebkitError;
  const seconds = typeof retryAfterSeconds === 'number' ? retryAfterSeconds : null;
  return Object.assign(error, { name: Class.name, code, retryAfterSeconds: seconds });
}

function isCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(CLASSES, code);
}
