import { HttpException, HttpStatus } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { AgentWebkitError, type ErrorCode } from '../engine/errors.js';

/** The HTTP status of every refusal. */
export const ERROR_STATUS = {
  invalid_request: HttpStatus.BAD_REQUEST,
  unauthorized: HttpStatus.UNAUTHORIZED,
  forbidden: HttpStatus.FORBIDDEN,
  session_not_found: HttpStatus.NOT_FOUND,
  no_pending_request: HttpStatus.CONFLICT,
  cursor_evicted: HttpStatus.PRECONDITION_FAILED,
  cursor_ahead: HttpStatus.PRECONDITION_FAILED,
  payload_too_large: HttpStatus.PAYLOAD_TOO_LARGE,
  too_many_sessions: HttpStatus.TOO_MANY_REQUESTS,
  too_many_creations: HttpStatus.TOO_MANY_REQUESTS,
  too_many_subscribers: HttpStatus.TOO_MANY_REQUESTS,
  agents_busy: HttpStatus.SERVICE_UNAVAILABLE,
  backpressure: HttpStatus.SERVICE_UNAVAILABLE,
  shutting_down: HttpStatus.SERVICE_UNAVAILABLE,
  storage_unavailable: HttpStatus.SERVICE_UNAVAILABLE,
} as const satisfies Record<ErrorCode, HttpStatus>;

/** A refusal as Nest's own kind of exception, so that the host's exception filters see what they know. */
export function toHttpException(error: AgentWebkitError): HttpException {
  const statusCode = ERROR_STATUS[error.code];
  const body = { statusCode, code: error.code, message: error.message };
  return new HttpException(body, statusCode, { cause: error });
}

/** What is thrown for an error on its way to the filters. A refusal says when a retry may succeed. */
export function refuse(
  error: unknown,
  response: unknown,
  { httpAdapter }: HttpAdapterHost,
): unknown {
  if (!(error instanceof AgentWebkitError)) return error;
  if (error.retryAfterSeconds !== null) {
    httpAdapter.setHeader(response, 'Retry-After', String(error.retryAfterSeconds));
  }
  return toHttpException(error);
}
