import { HttpException } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { AgentWebkitError } from '../engine/errors.js';
import type { EngineObserver } from '../engine/engine-observer.js';
import { ERROR_STATUS } from '../hosting/error-status.js';

/** Converts an error to an HttpException of Nest, which the host's exception filters can handle. */
export function toHttpException(error: AgentWebkitError): HttpException {
  const statusCode = ERROR_STATUS[error.code];
  const body = { statusCode, code: error.code, message: error.message };
  return new HttpException(body, statusCode, { cause: error });
}

/** The parts of the server that a rejection uses. */
export interface RefusalPorts {
  readonly adapterHost: HttpAdapterHost;
  readonly observer: EngineObserver;
}

/** The members of a request that decide about the headers of an error response. */
interface RefusedRequest {
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * Returns the exception for the host's filters, reports it to the observer, and sets the headers of its response: Retry-After when a
 * retry may succeed later, and WWW-Authenticate with 401.
 */
export function refuse(
  error: unknown,
  response: unknown,
  { adapterHost: { httpAdapter }, observer }: RefusalPorts,
  request?: RefusedRequest,
): unknown {
  if (!(error instanceof AgentWebkitError)) return error;
  observer.refused?.({ code: error.code });
  if (error.retryAfterSeconds !== null) {
    httpAdapter.setHeader(response, 'Retry-After', String(error.retryAfterSeconds));
  }
  if (error.code === 'unauthorized') {
    httpAdapter.setHeader(response, 'WWW-Authenticate', challenge(request));
  }
  return toHttpException(error);
}

/** A request without a token gets no error code, because it was not wrong (RFC 6750, section 3.1). */
function challenge(request: RefusedRequest | undefined): string {
  const header = request?.headers['authorization'];
  const hasToken = typeof header === 'string' && /^Bearer\s/i.test(header);
  return `Bearer realm="agent-webkit"${hasToken ? ', error="invalid_token"' : ''}`;
}
