import { STATUS_CODES, type ServerResponse } from 'node:http';

/** The types of errors of the Messages API that the gateway itself answers with. */
export type ApiErrorType =
  | 'api_error'
  | 'authentication_error'
  | 'invalid_request_error'
  | 'overloaded_error'
  | 'permission_error'
  | 'rate_limit_error'
  | 'request_too_large'
  | 'timeout_error';

/** A request that the gateway answers itself, with a sentence that contains nothing secret. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly type: ApiErrorType,
    message: string,
    /** How long the agent should wait before it tries again, in seconds; null for an error that stays. */
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
  }

  /** Answers the request in the shape of the Messages API. Ends the connection of a response that has begun. */
  send(response: ServerResponse): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const body = errorBody(this.type, this.message);
    const isFinal = this.retryAfterS === null;
    response.writeHead(this.status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      // What is left of the request is not read.
      ...(response.req.complete ? {} : { connection: 'close' }),
      ...(isFinal ? {} : { 'retry-after': String(this.retryAfterS) }),
    });
    response.end(body);
  }
}

/** Returns a whole response for a socket that has no request. */
export function refusal(status: number, type: string, message: string): string {
  const body = errorBody(type, message);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

export function errorBody(type: string, message: string): string {
  return JSON.stringify({ type: 'error', error: { type, message } });
}
