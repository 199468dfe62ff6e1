import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ENGINE_OBSERVER } from '../agent-webkit.tokens.js';
import type { EngineObserver } from '../engine/engine-observer.js';
import { InvalidRequestError } from '../engine/errors.js';
import { refuse } from './http-errors.js';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json(?:\s*;|\s*$)/i;

/**
 * Rejects a body whose Content-Type is not JSON. A body parser would silently ignore it or parse it as
 * a form. Without a body, removes the Content-Type: clients send `application/json` with every
 * request, and Fastify rejects an empty JSON body.
 */
@Injectable()
export class JsonBodyMiddleware implements NestMiddleware<IncomingMessage, ServerResponse> {
  constructor(
    readonly adapterHost: HttpAdapterHost,
    @Inject(ENGINE_OBSERVER) readonly observer: EngineObserver,
  ) {}

  use({ headers }: IncomingMessage, response: ServerResponse, next: () => void): void {
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
    if (length === '0' && encoding === undefined) delete headers['content-type'];
    else if (!JSON_TYPE.test(headers['content-type'] ?? '')) {
      const received = headers['content-type'] ?? 'none';
      const error = new InvalidRequestError(
        `Content-Type: must be application/json, but got ${received.slice(0, 80)}.`,
      );
      throw refuse(error, response, this);
    }
    next();
  }
}
