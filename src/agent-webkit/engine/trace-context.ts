import { AsyncLocalStorage } from 'node:async_hooks';
import { isRecord } from '../protocol/is-record.js';

/** A span of a trace, as the headers of W3C Trace Context. */
export interface TraceContext {
  /** Such as `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. */
  readonly traceparent: string;
  /** The positions of other tracing systems, at most 512 characters. @default none */
  readonly tracestate?: string;
}

const TRACEPARENT = /^[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;
/** Printable ASCII, as a header has it. */
const TRACESTATE = /^[\u0020-\u007e]{1,512}$/;

const received = new AsyncLocalStorage<TraceContext>();

/** Reads a trace context from headers; null for none, or one that does not follow the standard, which is ignored. */
export function readTraceContext(headers: unknown): TraceContext | null {
  if (!isRecord(headers)) return null;
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return null;
  // The version ff does not exist, and later ones may have more fields.
  if (traceparent.startsWith('ff')) return null;
  const hasState = typeof tracestate === 'string' && TRACESTATE.test(tracestate);
  return { traceparent, ...(hasState && { tracestate }) };
}

/** Calls a function, in which, and in what it starts, {@link receivedTraceContext} returns the context. */
export function withTraceContext<Result>(
  context: TraceContext | null | undefined,
  run: () => Result,
): Result {
  return context ? received.run(context, run) : run();
}

/** Returns the context of the request that is handled; null for none. */
export function receivedTraceContext(): TraceContext | null {
  return received.getStore() ?? null;
}
