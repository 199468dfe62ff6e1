import type { IncomingMessage, ServerResponse } from 'node:http';
import { InvalidRequestError } from '../engine/errors.js';
import { toHttpException } from './http-errors.js';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json(?:\s*;|\s*$)/i;

/**
 * A body must say that it is JSON: one that does not would be dropped by a body parser, or read as a
 * form, without a word. And where there is no body, its type is taken away: clients send
 * `application/json` with every request, and Fastify refuses an empty body that claims to be JSON.
 */
export function requireJsonBody(
  { headers }: IncomingMessage,
  _response: ServerResponse,
  next: () => void,
): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
  if (length === '0' && encoding === undefined) delete headers['content-type'];
  else if (!JSON_TYPE.test(headers['content-type'] ?? '')) {
    throw toHttpException(new InvalidRequestError('Content-Type: must be application/json.'));
  }
  next();
}
