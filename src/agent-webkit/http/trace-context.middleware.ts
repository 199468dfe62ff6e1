import type { IncomingMessage, ServerResponse } from 'node:http';
import { readTraceContext, withTraceContext } from '../engine/trace-context.js';

/** Makes the headers `traceparent` and `tracestate` of a request the context of the turn that it begins. */
export function takeTraceContext(
  { headers, method }: IncomingMessage,
  _response: ServerResponse,
  next: () => void,
): void {
  withTraceContext(method === 'POST' ? readTraceContext(headers) : null, next);
}
