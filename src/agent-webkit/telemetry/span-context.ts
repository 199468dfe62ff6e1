import type { Context } from '@opentelemetry/api';
import type { TraceContext } from '../engine/trace-context.js';

/** The package `@opentelemetry/api`. */
export type OpenTelemetry = typeof import('@opentelemetry/api');

/** Loads `@opentelemetry/api`; null where it is not installed. */
export async function loadOpenTelemetry(): Promise<OpenTelemetry | null> {
  try {
    return await import('@opentelemetry/api');
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/** Returns the span of a context as headers; null for none. Independent of the propagator that the host has registered. */
export function toTraceContext({ trace }: OpenTelemetry, context: Context): TraceContext | null {
  const span = trace.getSpanContext(context);
  if (!span || !trace.isSpanContextValid(span)) return null;
  const { traceId, spanId, traceFlags, traceState } = span;
  const flags = (traceFlags & 1).toString(16).padStart(2, '0');
  const tracestate = traceState?.serialize();
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    ...(tracestate && tracestate.length <= 512 && { tracestate }),
  };
}

/** Returns a context whose span is the one of the headers. */
export function fromTraceContext(
  { ROOT_CONTEXT, createTraceState, trace }: OpenTelemetry,
  context: TraceContext | null,
): Context {
  if (context === null) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = '00'] = context.traceparent.split('-');
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(context.tracestate !== undefined && { traceState: createTraceState(context.tracestate) }),
  });
}
