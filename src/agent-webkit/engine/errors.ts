/** Why something was refused, for programs. The set is closed: a new code must find its HTTP status before it compiles. */
export type ErrorCode =
  | 'invalid_request'
  | 'unauthorized'
  | 'forbidden'
  | 'session_not_found'
  | 'no_pending_request'
  | 'cursor_evicted'
  | 'cursor_ahead'
  | 'payload_too_large'
  | 'too_many_sessions'
  | 'too_many_creations'
  | 'too_many_subscribers'
  | 'agents_busy'
  | 'backpressure'
  | 'shutting_down'
  | 'storage_unavailable';

/** A refusal: a code for programs, and a sentence with a remedy for people. */
export abstract class AgentWebkitError extends Error {
  abstract readonly code: ErrorCode;
  /** After how many seconds a retry may succeed; null where a retry does not help. */
  readonly retryAfterSeconds: number | null = null;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = this.constructor.name;
  }
}

/** What was sent does not fit the protocol. The message names the field. */
export class InvalidRequestError extends AgentWebkitError {
  readonly code = 'invalid_request';
}

/** Nobody was recognised as the caller. */
export class UnauthorizedError extends AgentWebkitError {
  readonly code = 'unauthorized';
}

/** The caller is known, but the host does not allow what was asked for. */
export class ForbiddenError extends AgentWebkitError {
  readonly code = 'forbidden';
}

/** There is no such session, or it is another caller's: the two look alike on purpose. */
export class SessionNotFoundError extends AgentWebkitError {
  readonly code = 'session_not_found';

  constructor() {
    super('There is no such session. It may have been deleted; create one with POST /sessions.');
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
      `No request '${correlationId}' is pending: it was answered already, or was never asked. ` +
        `The event request_resolved tells its outcome.`,
    );
  }
}

/**
 * The cursor is older than the oldest event that is kept. Also exported as `EvictedError`, its name
 * in the Python server.
 */
export class CursorEvictedError extends AgentWebkitError {
  readonly code = 'cursor_evicted';

  constructor(cursor: number, firstSeq: number) {
    super(
      `Event ${cursor + 1} is no longer kept; the oldest is ${firstSeq}. ` +
        `Reload the session by a request without Last-Event-ID.`,
    );
  }
}

/** The cursor is larger than the last event's seq. */
export class CursorAheadError extends AgentWebkitError {
  readonly code = 'cursor_ahead';

  constructor(cursor: number, lastSeq: number) {
    super(
      `Event ${cursor} does not exist yet; the last is ${lastSeq}. ` +
        `Reload the session by a request without Last-Event-ID.`,
    );
  }
}

/** The caller owns as many sessions as the host allows. */
export class TooManySessionsError extends AgentWebkitError {
  readonly code = 'too_many_sessions';
  override readonly retryAfterSeconds = 60;

  constructor(limit: number) {
    super(`You have ${limit} sessions, which is the limit. Delete one and try again.`);
  }
}

/** The caller creates sessions faster than the host allows. */
export class TooManyCreationsError extends AgentWebkitError {
  readonly code = 'too_many_creations';
  override readonly retryAfterSeconds: number;

  constructor(limit: number, retryAfterSeconds: number) {
    super(
      `You have created ${limit} sessions within a minute, which is the limit. ` +
        `Try again in ${retryAfterSeconds} seconds.`,
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** As many follow the session as may. */
export class TooManySubscribersError extends AgentWebkitError {
  readonly code = 'too_many_subscribers';
  override readonly retryAfterSeconds = 30;

  constructor(limit: number) {
    super(`${limit} streams follow this session, which is the limit. Close one and try again.`);
  }
}

/** As many agents run as may, and all of them are at work. */
export class AgentsBusyError extends AgentWebkitError {
  readonly code = 'agents_busy';
  override readonly retryAfterSeconds = 10;

  constructor(limit: number) {
    super(`All of the ${limit} agents of this server are at work. Send this one again later.`);
  }
}

/** What was sent is larger than the host allows. The message names the field. */
export class PayloadTooLargeError extends AgentWebkitError {
  readonly code = 'payload_too_large';
}

/** As much waits as may. */
export class BackpressureError extends AgentWebkitError {
  readonly code = 'backpressure';
  override readonly retryAfterSeconds = 5;

  /** @param waiting what waits, as a sentence begins with it */
  constructor(waiting: string) {
    super(`${waiting} waiting, which is the limit. Send this one again later.`);
  }
}

/** The server is going down and takes nothing new. */
export class ShuttingDownError extends AgentWebkitError {
  readonly code = 'shutting_down';
  override readonly retryAfterSeconds = 5;

  constructor() {
    super('The server is shutting down. Try again in a few seconds.');
  }
}

/** The storage does not answer, so that nothing can be said to be accepted. */
export class StorageUnavailableError extends AgentWebkitError {
  readonly code = 'storage_unavailable';
  override readonly retryAfterSeconds = 5;

  constructor(cause: unknown) {
    super(
      'The storage does not answer. Try again in a few seconds, ' +
        'with the same message_id or Idempotency-Key, so that nothing is done twice.',
      { cause },
    );
  }
}
