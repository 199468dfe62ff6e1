import { StorageFaultError } from './storage.js';

/** The reason for a rejection, for programs. The set is closed: a new code does not compile before it has an HTTP status. */
export type ErrorCode =
  | 'invalid_request'
  | 'unauthorized'
  | 'forbidden'
  | 'session_not_found'
  | 'no_pending_request'
  | 'input_changed'
  | 'members_changed'
  | 'no_running_task'
  | 'session_busy'
  | 'server_not_found'
  | 'no_other_server'
  | 'mcp_server_not_found'
  | 'mcp_server_unavailable'
  | 'message_not_found'
  | 'message_not_queued'
  | 'message_not_replaceable'
  | 'cursor_evicted'
  | 'cursor_ahead'
  | 'cursor_lost'
  | 'payload_too_large'
  | 'not_storable'
  | 'too_many_sessions'
  | 'too_many_creations'
  | 'too_many_subscribers'
  | 'daily_budget_exhausted'
  | 'agents_busy'
  | 'backpressure'
  | 'server_overloaded'
  | 'shutting_down'
  | 'session_unavailable'
  | 'server_unavailable'
  | 'storage_unavailable'
  | 'workspace_unavailable'
  | 'sandbox_unavailable';

/** A rejected request: a code for programs, and a message for people with the cause and what to do. */
export abstract class AgentWebkitError extends Error {
  abstract readonly code: ErrorCode;
  /** The number of seconds after which a retry may succeed; null when a retry does not help. */
  readonly retryAfterSeconds: number | null = null;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = this.constructor.name;
  }
}

/** The request does not conform to the protocol. The message names the field. */
export class InvalidRequestError extends AgentWebkitError {
  readonly code = 'invalid_request';
}

/** The request could not be authenticated. */
export class UnauthorizedError extends AgentWebkitError {
  readonly code = 'unauthorized';
}

/** The caller is authenticated, but not permitted to do this. */
export class ForbiddenError extends AgentWebkitError {
  readonly code = 'forbidden';
}

/** The session does not exist or belongs to another caller. Both are reported alike, so that ids cannot be probed. */
export class SessionNotFoundError extends AgentWebkitError {
  readonly code = 'session_not_found';

  constructor() {
    super('Session not found. Create a new session with POST /sessions.');
  }
}

/**
 * A reply to a request that is not pending: it was answered, has expired, was cancelled or never
 * existed. Also exported as `ConflictError`, its name in the Python server.
 */
export class NoPendingRequestError extends AgentWebkitError {
  readonly code = 'no_pending_request';

  constructor(correlationId: string) {
    super(
      `Request '${correlationId}' is not pending: it was resolved already, or never existed. ` +
        `See the event request_resolved for its outcome.`,
    );
  }
}

/** A reply names the digest of another input than the one of the open request. The request stays open. */
export class InputChangedError extends AgentWebkitError {
  readonly code = 'input_changed';

  /** @param inputDigest the digest of the open request's input */
  constructor(correlationId: string, inputDigest: string) {
    super(
      `input_digest: the input of request '${correlationId}' is not the one that this reply is for. ` +
        `It has the digest ${inputDigest}. Show the input to the user again, then reply with its digest.`,
    );
  }
}

/** The session has other members than the ones that a change is for: another call has changed them. */
export class MembersChangedError extends AgentWebkitError {
  readonly code = 'members_changed';

  constructor() {
    super(
      'expected_members: the session has other members now, because another call has changed them. ' +
        'Read them with GET /sessions/:id, and make your change to them again.',
    );
  }
}

/** No such task runs: it has ended, is being stopped already, or never existed. */
export class NoRunningTaskError extends AgentWebkitError {
  readonly code = 'no_running_task';

  constructor(taskId: string) {
    super(
      `Task '${taskId}' is not running, or is being stopped already. ` +
        `See the event task_ended for its outcome.`,
    );
  }
}

/** The agent of the session is at work, so that it cannot be stopped without an effect on a turn. */
export class SessionBusyError extends AgentWebkitError {
  readonly code = 'session_busy';

  constructor() {
    super(
      'The agent of this session is at work. Interrupt its turn, or wait for the end of its turn, its requests and its ' +
        'tasks. Then try again.',
    );
  }
}

/** No running server that shares the storage has this address. */
export class ServerNotFoundError extends AgentWebkitError {
  readonly code = 'server_not_found';

  constructor() {
    super('No server with this address runs. GET /admin/servers lists those that do.');
  }
}

/** The server cannot be drained, because no other one could go on with its sessions. */
export class NoOtherServerError extends AgentWebkitError {
  readonly code = 'no_other_server';

  constructor() {
    super(
      'No other server takes work and can start an agent now. Start another one with the same PostgreSQL storage, or wait until one has room. ' +
        'A server that is alone is stopped by SIGTERM.',
    );
  }
}

/** No message with this id was accepted in the session within the last 24 hours. */
export class MessageNotFoundError extends AgentWebkitError {
  readonly code = 'message_not_found';

  constructor(messageId: string) {
    super(
      `The session has no queued message '${messageId}'. GET /sessions/:id/events lists its messages.`,
    );
  }
}

/** The message is not in the queue any more: its turn has started, a running turn has received it, or it was withdrawn. */
export class MessageNotQueuedError extends AgentWebkitError {
  readonly code = 'message_not_queued';

  constructor(messageId: string) {
    super(
      `Message '${messageId}' cannot be changed any more: the agent has it, or it was withdrawn. ` +
        'See the events turn_start, message_delivered and message_withdrawn.',
    );
  }
}

/** The message cannot be replaced: the agent is at work, or has it not in its present conversation. */
export class MessageNotReplaceableError extends AgentWebkitError {
  readonly code = 'message_not_replaceable';

  constructor(messageId: string, reason: 'busy' | 'absent' = 'absent') {
    super(
      reason === 'busy'
        ? `Message '${messageId}' cannot be replaced while the agent is at work or messages are queued. ` +
            'Interrupt the turn, or wait for its end, and withdraw the queued messages.'
        : `Message '${messageId}' is not the beginning of a turn in the agent's present conversation. It is unknown, was ` +
            'sent into a running turn, was replaced itself, or is before a /clear or a compaction. Send a new message without `replaces`.',
    );
  }
}

/** The agent of the session has no MCP server of this name. */
export class McpServerNotFoundError extends AgentWebkitError {
  readonly code = 'mcp_server_not_found';

  /** @param servers the names of the agent's servers, for people */
  constructor(name: string, servers: string) {
    super(`server: there is no MCP server '${name}'. Servers of this agent: ${servers}.`);
  }
}

/** The MCP server cannot be controlled now. The message says what to do. */
export class McpServerUnavailableError extends AgentWebkitError {
  readonly code = 'mcp_server_unavailable';
}

/**
 * The cursor is older than the oldest retained event. Also exported as `EvictedError`, its name
 * in the Python server.
 */
export class CursorEvictedError extends AgentWebkitError {
  readonly code = 'cursor_evicted';

  constructor(cursor: number, firstId: number) {
    super(
      `The event after ${cursor} is no longer retained; the oldest is ${firstId}. ` +
        `Reload the session: connect without Last-Event-ID.`,
    );
  }
}

/** The cursor is larger than the id of the last event. */
export class CursorAheadError extends AgentWebkitError {
  readonly code = 'cursor_ahead';

  constructor(cursor: number, lastId: number) {
    super(
      `Event ${cursor} does not exist yet; the last is ${lastId}. ` +
        `Reload the session: connect without Last-Event-ID.`,
    );
  }
}

/** No event has this id: it was lost when the storage was restored to an earlier state, or was never assigned. */
export class CursorLostError extends AgentWebkitError {
  readonly code = 'cursor_lost';

  constructor(cursor: number) {
    super(
      `Event ${cursor} was lost when the storage was restored. ` +
        `Reload the session: connect without Last-Event-ID.`,
    );
  }
}

/** The caller owns the maximum number of sessions. */
export class TooManySessionsError extends AgentWebkitError {
  readonly code = 'too_many_sessions';
  override readonly retryAfterSeconds = 60;

  constructor(limit: number) {
    super(`You have reached the limit of ${limit} sessions. Delete a session and try again.`);
  }
}

/** The caller creates sessions too fast. */
export class TooManyCreationsError extends AgentWebkitError {
  readonly code = 'too_many_creations';
  override readonly retryAfterSeconds: number;

  constructor(limit: number, retryAfterSeconds: number) {
    super(
      `You have reached the limit of ${limit} new sessions per minute. ` +
        `Try again in ${retryAfterSeconds} seconds.`,
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The session, or the caller for all sessions, has the maximum number of open streams. */
export class TooManySubscribersError extends AgentWebkitError {
  readonly code = 'too_many_subscribers';
  override readonly retryAfterSeconds = 30;

  constructor(limit: number, of: 'session' | 'caller' = 'session') {
    const who = of === 'session' ? 'This session has' : 'You have';
    super(`${who} reached the limit of ${limit} open streams. Close one and try again.`);
  }
}

/** The owner of the session has used up the budget of the day. */
export class DailyBudgetExhaustedError extends AgentWebkitError {
  readonly code = 'daily_budget_exhausted';
  override readonly retryAfterSeconds: number;

  /** @param resetsAt the beginning of the next UTC day, in ISO 8601 */
  constructor(maxUsd: number, retryAfterSeconds: number, resetsAt?: string) {
    super(
      `The budget of $${maxUsd} for today is used up. It resets at ${resetsAt}. Send the message again then.`,
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The maximum number of agents is running, and all of them are active. */
export class AgentsBusyError extends AgentWebkitError {
  readonly code = 'agents_busy';
  override readonly retryAfterSeconds = 10;

  constructor(limit: number) {
    super(
      `All ${limit} agents of this server are active, and no other server has room. Try again in a few seconds.`,
    );
  }
}

/** A field exceeds its size limit. The message names the field. */
export class PayloadTooLargeError extends AgentWebkitError {
  readonly code = 'payload_too_large';
}

/** The storage can never store this request. Its session has returned to its last stored event. */
export class NotStorableError extends AgentWebkitError {
  readonly code = 'not_storable';

  constructor(cause: unknown) {
    super(
      'The storage cannot store this request: a value is out of range or too large. ' +
        'Change the request; it would be rejected again.',
      { cause },
    );
  }
}

/** The message queue of the session is full. */
export class BackpressureError extends AgentWebkitError {
  readonly code = 'backpressure';
  override readonly retryAfterSeconds = 5;

  /** @param queued the amount that is queued, such as `100 messages are` */
  constructor(queued: string) {
    super(`The queue of this session is full: ${queued} queued. Try again in a few seconds.`);
  }
}

/**
 * The process has no file descriptor or no memory for the request. Streams are rejected earlier, while
 * a reserve of file descriptors is left.
 */
export class ServerOverloadedError extends AgentWebkitError {
  readonly code = 'server_overloaded';
  override readonly retryAfterSeconds = 10;

  constructor(options?: ErrorOptions) {
    super('The server is overloaded. Try again in a few seconds.', options);
  }
}

/** The server is shutting down and accepts no new requests. */
export class ShuttingDownError extends AgentWebkitError {
  readonly code = 'shutting_down';
  override readonly retryAfterSeconds = 5;

  constructor() {
    super('The server is shutting down. Try again in a few seconds.');
  }
}

/**
 * The storage does not respond, so the request cannot be confirmed. When the cause is a
 * `StorageFaultError`, the message names the fault, and a retry does not help until an operator fixes it.
 */
export class StorageUnavailableError extends AgentWebkitError {
  readonly code = 'storage_unavailable';
  override readonly retryAfterSeconds: number | null;

  constructor(cause: unknown) {
    const fault = cause instanceof StorageFaultError ? cause : null;
    super(
      fault
        ? `${fault.message} The operator of the server has to fix this.`
        : 'The storage does not respond. Try again in a few seconds, ' +
            'with the same message_id or Idempotency-Key to avoid duplicates.',
      { cause },
    );
    this.retryAfterSeconds = fault ? null : 5;
  }
}

/** The server that runs the session does not answer. When its lease lapses, another one takes the session over. */
export class SessionUnavailableError extends AgentWebkitError {
  readonly code = 'session_unavailable';
  override readonly retryAfterSeconds = 5;

  constructor() {
    super(
      'The server that runs this session does not respond. Another one takes the session over within seconds. ' +
        'Try again, with the same message_id or Idempotency-Key to avoid duplicates.',
    );
  }
}

/** The server that was to do something does not reply, or is of a version that cannot do it. */
export class ServerUnavailableError extends AgentWebkitError {
  readonly code = 'server_unavailable';
  override readonly retryAfterSeconds = 5;

  constructor() {
    super('The server does not reply, or has an earlier version. Try again in a few seconds.');
  }
}

/** The folder in which the agents work is missing, is not a folder, or may not be entered by the server. */
export class WorkspaceUnavailableError extends AgentWebkitError {
  readonly code = 'workspace_unavailable';
  override readonly retryAfterSeconds = 30;

  /** @param cause the error of the system, for the server's log: the message for clients contains no path */
  constructor(cause: unknown) {
    super(
      'The workspace of this server is missing or cannot be entered. ' +
        'The operator of the server has to fix this.',
      { cause },
    );
  }
}

/** Other machines can reach this server, and no sandbox works on it, so that it starts no agents. */
export class SandboxUnavailableError extends AgentWebkitError {
  readonly code = 'sandbox_unavailable';

  constructor() {
    super(
      'This server starts no agents, because it has no working sandbox for them. ' +
        'The operator of the server has to fix this.',
    );
  }
}
