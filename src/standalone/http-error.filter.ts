import { type ArgumentsHost, Catch, HttpException, HttpStatus, Logger } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';

/** The error code by status, for requests that are rejected before they reach a route of the module. */
const CODES: Readonly<Record<number, string>> = {
  [HttpStatus.BAD_REQUEST]: 'invalid_request',
  [HttpStatus.NOT_FOUND]: 'not_found',
  [HttpStatus.PAYLOAD_TOO_LARGE]: 'payload_too_large',
  [HttpStatus.UNSUPPORTED_MEDIA_TYPE]: 'unsupported_media_type',
};

/** Gives every error response the body `{statusCode, code, message}` and keeps internal errors out of it. */
@Catch()
export class HttpErrorFilter extends BaseExceptionFilter {
  private readonly logger = new Logger('Http');

  override catch(exception: unknown, host: ArgumentsHost): void {
    const adapter = this.applicationRef ?? this.httpAdapterHost?.httpAdapter;
    const response: unknown = host.switchToHttp().getResponse();
    if (!adapter || adapter.isHeadersSent(response)) {
      super.catch(exception, host);
      return;
    }
    const body = this.describe(exception);
    adapter.reply(response, body, body.statusCode);
  }

  private describe(exception: unknown): { statusCode: number; code: string; message: string } {
    if (exception instanceof HttpException) {
      const statusCode = exception.getStatus();
      const given = exception.getResponse();
      const code = typeof given === 'object' && 'code' in given ? String(given.code) : undefined;
      return { statusCode, code: code ?? codeOf(statusCode), message: exception.message };
    }
    // The body parser throws errors of its own, with a status and a message for clients.
    const { status, message } = readHttpError(exception);
    if (status >= 400 && status < 500) return { statusCode: status, code: codeOf(status), message };
    this.logger.error(exception);
    return {
      statusCode: HttpStatus.INTERNAL_SERVER_ERROR,
      code: 'internal_error',
      message: 'Internal server error. See the server log for details.',
    };
  }
}

function codeOf(status: number): string {
  return CODES[status] ?? 'invalid_request';
}

function readHttpError(error: unknown): { status: number; message: string } {
  const { status, message } = (typeof error === 'object' && error !== null ? error : {}) as {
    status?: unknown;
    message?: unknown;
  };
  return {
    status: typeof status === 'number' ? status : 500,
    message: typeof message === 'string' ? message : '',
  };
}
