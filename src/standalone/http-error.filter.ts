import {
  type ArgumentsHost,
  Catch,
  HttpException,
  HttpStatus,
  Inject,
  Logger,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { ENGINE_OBSERVER } from '../agent-webkit/agent-webkit.tokens.js';
import type { EngineObserver } from '../agent-webkit/engine/engine-observer.js';
import { type ErrorCode, ServerOverloadedError } from '../agent-webkit/engine/errors.js';
import { ERROR_STATUS } from '../agent-webkit/hosting/error-status.js';
import { findSystemFault } from './system-fault.js';

/** The error code by status, for requests that are rejected before they reach a route of the module. */
const CODES: Readonly<Record<number, string>> = {
  [HttpStatus.BAD_REQUEST]: 'invalid_request',
  [HttpStatus.NOT_FOUND]: 'not_found',
  [HttpStatus.PAYLOAD_TOO_LARGE]: 'payload_too_large',
  [HttpStatus.UNSUPPORTED_MEDIA_TYPE]: 'unsupported_media_type',
};

/** The messages that replace those of the body parser, which do not say what to do. */
const MESSAGES: Readonly<Record<number, string>> = {
  [HttpStatus.PAYLOAD_TOO_LARGE]: 'The body is larger than this server accepts. Send less.',
};

/** The minimum interval between two log lines about an overloaded server. */
const OVERLOAD_LOG_INTERVAL_MS = 10_000;

interface Refusal {
  readonly statusCode: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/**
 * Gives every error response the body `{statusCode, code, message}`. Internal errors, and those of the
 * machine that a library reports as an error of the client, are logged and kept out of it.
 */
@Catch()
export class HttpErrorFilter extends BaseExceptionFilter {
  /** Counts the refusals of this filter. The module counts its own. */
  @Inject(ENGINE_OBSERVER) private readonly observer!: EngineObserver;
  private readonly logger = new Logger('Http');
  private overloadLoggedAt = -Infinity;

  override catch(exception: unknown, host: ArgumentsHost): void {
    const adapter = this.applicationRef ?? this.httpAdapterHost?.httpAdapter;
    const response: unknown = host.switchToHttp().getResponse();
    if (!adapter || adapter.isHeadersSent(response)) {
      super.catch(exception, host);
      return;
    }
    const { retryAfterSeconds, ...body } = this.describe(exception);
    if (retryAfterSeconds !== undefined) {
      adapter.setHeader(response, 'Retry-After', String(retryAfterSeconds));
    }
    adapter.reply(response, body, body.statusCode);
  }

  private describe(exception: unknown): Refusal {
    const { status, message, code } = readHttpError(exception);
    if (code !== undefined) return { statusCode: status, code, message };
    const fault = findSystemFault(exception);
    if (fault?.isTemporary) return this.count(this.overloaded(fault.error));
    // The body parser throws errors of its own, with a status and a message for clients.
    if (fault === null && status < 500) {
      const refusal = { code: codeOf(status), message: MESSAGES[status] ?? message };
      return this.count({ statusCode: status, ...refusal });
    }
    this.logger.error(exception);
    return {
      statusCode: HttpStatus.INTERNAL_SERVER_ERROR,
      code: 'internal_error',
      message: 'Internal server error. See the server log for details.',
    };
  }

  /** Counts a refusal of which the module knows nothing, if its code is one of the module's. */
  private count(refusal: Refusal): Refusal {
    const { code } = refusal;
    if (Object.hasOwn(ERROR_STATUS, code)) this.observer.refused?.({ code: code as ErrorCode });
    return refusal;
  }

  private overloaded(cause: unknown): Refusal {
    const now = performance.now();
    if (now - this.overloadLoggedAt >= OVERLOAD_LOG_INTERVAL_MS) {
      this.overloadLoggedAt = now;
      this.logger.error(`Requests are rejected with 503: ${String(cause)}`);
    }
    const { code, message, retryAfterSeconds } = new ServerOverloadedError();
    return { statusCode: ERROR_STATUS[code], code, message, retryAfterSeconds };
  }
}

function codeOf(status: number): string {
  return CODES[status] ?? 'invalid_request';
}

/** Reads the status and the message of an error, and the code of one that is ready for the client. */
function readHttpError(error: unknown): { status: number; message: string; code?: string } {
  if (error instanceof HttpException) {
    const given = error.getResponse();
    const code = typeof given === 'object' && 'code' in given ? String(given.code) : undefined;
    return {
      status: error.getStatus(),
      message: error.message,
      ...(code !== undefined && { code }),
    };
  }
  const { status, message } = (typeof error === 'object' && error !== null ? error : {}) as {
    status?: unknown;
    message?: unknown;
  };
  return {
    status: typeof status === 'number' && status >= 400 ? status : 500,
    message: typeof message === 'string' ? message : '',
  };
}
