import type { ErrorCode } from '../engine/errors.js';

/** The HTTP status of each error code. */
export const ERROR_STATUS = {
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  session_not_found: 404,
  no_pending_request: 409,
  input_changed: 409,
  no_running_task: 409,
  cursor_evicted: 412,
  cursor_ahead: 412,
  cursor_lost: 412,
  payload_too_large: 413,
  not_storable: 422,
  too_many_sessions: 429,
  too_many_creations: 429,
  too_many_subscribers: 429,
  agents_busy: 503,
  backpressure: 503,
  server_overloaded: 503,
  shutting_down: 503,
  storage_unavailable: 503,
  session_unavailable: 503,
  workspace_unavailable: 503,
  sandbox_unavailable: 503,
} as const satisfies Record<ErrorCode, number>;
