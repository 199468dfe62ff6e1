import type { Span, Tracer } from '@opentelemetry/api';
import type { WireEvent } from '../protocol/events.js';
import { AgentWebkitError } from '../engine/errors.js';
import { receivedTraceContext, type TraceContext } from '../engine/trace-context.js';
import type {
  AcceptSpan,
  OpenSpan,
  RestoredTurn,
  TracedSession,
  TurnTracer,
} from '../engine/turn-tracer.js';
import { SessionTrace } from './session-trace.js';
import {
  fromTraceContext,
  loadOpenTelemetry,
  type OpenTelemetry,
  toTraceContext,
} from './span-context.js';
import { sessionAttributes } from './turn-attributes.js';

/** The name of the instrumentation in each span. */
const INSTRUMENTATION = 'nestjs-agent-webkit';

/** From which duration a commit within a turn has a span, in milliseconds. That of a message, or of a result, always has one. */
const SLOW_COMMIT_MS = 100;

/** A `TracerProvider` of the SDK, or the proxy of the API for the one that is registered. */
interface FlushedProvider {
  getDelegate?(): FlushedProvider;
  forceFlush?(): Promise<void>;
}

const NO_SPAN: AcceptSpan = { context: null, commit: () => undefined, end: () => undefined };

/**
 * Traces turns with OpenTelemetry: one tree of spans for each, by the semantic conventions for generative AI. Uses the
 * `TracerProvider` that the host has registered. Traces nothing until {@link load} has found `@opentelemetry/api`.
 */
export class TurnTraces implements TurnTracer {
  readonly #sessions = new Map<string, SessionTrace>();
  #api: OpenTelemetry | null = null;

  /** Loads `@opentelemetry/api`, if it is installed. */
  async load(): Promise<void> {
    this.#api ??= await loadOpenTelemetry();
  }

  /** Exports the spans that the host's provider has buffered, because the process may end without it. Never rejects. */
  async flush(): Promise<void> {
    const provider = this.#api?.trace.getTracerProvider() as FlushedProvider | undefined;
    const registered = provider?.getDelegate?.() ?? provider;
    await registered?.forceFlush?.().catch(() => undefined); // the host's exporter reports it
  }

  active(): TraceContext | null {
    const api = this.#api;
    return (api && toTraceContext(api, api.context.active())) ?? receivedTraceContext();
  }

  accept(session: TracedSession, messageId: string): AcceptSpan {
    const api = this.#api;
    if (!api) return NO_SPAN;
    const parent = fromTraceContext(api, this.active());
    const span = this.#tracer(api).startSpan(
      'accept message',
      {
        kind: api.SpanKind.PRODUCER,
        attributes: { ...sessionAttributes(session), 'agent_webkit.message.id': messageId },
      },
      parent,
    );
    const context = api.trace.setSpan(parent, span);
    let commit: Span | null = null;
    return {
      context: toTraceContext(api, context),
      commit: () => {
        const attributes = sessionAttributes(session);
        commit = this.#tracer(api).startSpan('commit', { attributes }, context);
      },
      end: (error) => {
        commit?.end();
        if (error !== undefined) {
          span.setAttribute(
            'error.type',
            error instanceof AgentWebkitError ? error.code : '_OTHER',
          );
          span.setStatus({ code: api.SpanStatusCode.ERROR });
        }
        span.end();
      },
    };
  }

  startAgent(session: TracedSession): OpenSpan {
    return this.#sessions.get(session.id)?.startAgent() ?? this.#startAhead(session);
  }

  /** Begins the span of the start of an agent ahead of its first turn, in the request that created the session. */
  #startAhead(session: TracedSession): OpenSpan {
    const api = this.#api;
    const parent = this.active();
    if (!api || !parent) return NO_SPAN;
    const attributes = sessionAttributes(session);
    const context = fromTraceContext(api, parent);
    const span = this.#tracer(api).startSpan('start agent', { attributes }, context);
    return { context: parent, end: () => span.end() };
  }

  restored(
    session: TracedSession,
    { queued, running }: { queued: readonly RestoredTurn[]; running: RestoredTurn | null },
  ): void {
    if (queued.length === 0 && !running) return;
    const trace = this.#traceOf(session);
    if (running) trace?.resume(running);
    for (const turn of queued) trace?.queued(turn);
  }

  committed(session: TracedSession, events: readonly WireEvent[], durationMs: number): void {
    if (!this.#api) return;
    for (const event of events) {
      const begins = event.event === 'user_message' || event.event === 'turn_start';
      const trace = begins ? this.#traceOf(session) : this.#sessions.get(session.id);
      if (event.event === 'result') trace?.committed(durationMs, true);
      trace?.apply(event);
      if (trace?.isIdle) this.#sessions.delete(session.id);
    }
    const isCounted = events.some(({ event }) => event === 'result' || event === 'user_message');
    if (durationMs >= SLOW_COMMIT_MS && !isCounted) {
      this.#sessions.get(session.id)?.committed(durationMs, false);
    }
  }

  left(sessionId: string): void {
    this.#sessions.get(sessionId)?.end();
    this.#sessions.delete(sessionId);
  }

  #traceOf(session: TracedSession): SessionTrace | null {
    const api = this.#api;
    if (!api) return null;
    const known = this.#sessions.get(session.id);
    if (known) return known;
    const trace = new SessionTrace(api, this.#tracer(api), session);
    this.#sessions.set(session.id, trace);
    return trace;
  }

  /** Asked each time, because the host may register its provider later. */
  #tracer(api: OpenTelemetry): Tracer {
    return api.trace.getTracer(INSTRUMENTATION);
  }
}
