import { HttpException } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { AgentWebkitError } from '../engine/errors.js';
import { ERROR_STATUS } from '../hosting/error-status.js';

/** Converts an error to an HttpException of Nest, which the host's exception filters can handle. */
export function toHttpException(error: AgentWebkitError): HttpException {
  const statusCode = ERROR_STATUS[error.code];
  const body = { statusCode, code: error.code, message: error.message };
  return new HttpException(body, statusCode, { cause: error });
}

/** Returns the exception for the host's filters, and sets Retry-After when a retry may succeed later. */
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
