import type { Span, Tracer } from '@opentelemetry/api';
import type { WireEvent } from '../protocol/events.js';
import { readTraceContext, type TraceContext } from '../engine/trace-context.js';
import type { OpenSpan, RestoredTurn, TracedSession } from '../engine/turn-tracer.js';
import { fromTraceContext, type OpenTelemetry } from './span-context.js';
import { sessionAttributes } from './turn-attributes.js';
import { TurnSpan } from './turn-span.js';

/** A queued message. */
interface Queued {
  readonly trace: TraceContext | null;
  readonly span: Span;
}

/** The traces of one session: of its queued messages, and of the running turn. */
export class SessionTrace {
  readonly #api: OpenTelemetry;
  readonly #tracer: Tracer;
  readonly #session: TracedSession;
  /** By the ids of the messages. */
  readonly #queued = new Map<string, Queued>();
  #turn: TurnSpan | null = null;

  constructor(api: OpenTelemetry, tracer: Tracer, session: TracedSession) {
    this.#api = api;
    this.#tracer = tracer;
    this.#session = session;
  }

  /** True while no message is queued and no turn runs. */
  get isIdle(): boolean {
    return this.#queued.size === 0 && this.#turn === null;
  }

  /** A message is queued. */
  queued({ messageId, trace }: RestoredTurn): void {
    const { id, owner } = this.#session;
    const attributes = {
      ...sessionAttributes({ id, owner }),
      'agent_webkit.message.id': messageId,
    };
    const span = this.#tracer.startSpan('queue', { attributes }, this.#contextOf(trace));
    this.#queued.set(messageId, { trace, span });
  }

  /** A turn goes on that began before this server had the session. Its span begins with what it does next. */
  resume({ messageId, trace }: RestoredTurn): void {
    this.#turn = this.#turnOf(messageId, trace, true);
  }

  /** Begins the span of the start of the agent, in the turn that needs it; null without one. */
  startAgent(): OpenSpan | null {
    return this.#turn?.startAgent() ?? null;
  }

  /** Events of the running turn were committed, which took this many milliseconds until now. */
  committed(durationMs: number, isLast: boolean): void {
    this.#turn?.committed(durationMs, isLast);
  }

  apply(wire: WireEvent): void {
    switch (wire.event) {
      case 'user_message':
        this.queued({ messageId: wire.data.message_id, trace: readTraceContext(wire.data) });
        return;
      case 'message_withdrawn':
        this.#dequeue(wire.data.message_id);
        return;
      case 'message_delivered':
        this.#dequeue(wire.data.message_id);
        this.#turn?.delivered();
        return;
      case 'turn_start': {
        const { message_id: messageId } = wire.data;
        this.#turn?.end('replaced');
        this.#turn = this.#turnOf(messageId, this.#dequeue(messageId), false);
        this.#turn.begin();
        return;
      }
      case 'result':
        if (wire.data.unasked) return;
        this.#turn?.result(wire.data);
        this.#turn = null;
        return;
      default:
        this.#turn?.apply(wire);
    }
  }

  /** Ends all spans, because the session leaves this server. */
  end(): void {
    for (const { span } of this.#queued.values()) span.end();
    this.#queued.clear();
    this.#turn?.end('moved');
    this.#turn = null;
  }

  /** Returns the context of a message that leaves the queue; null for none. */
  #dequeue(messageId: string): TraceContext | null {
    const queued = this.#queued.get(messageId);
    queued?.span.end();
    this.#queued.delete(messageId);
    return queued?.trace ?? null;
  }

  #turnOf(messageId: string, trace: TraceContext | null, isResumed: boolean): TurnSpan {
    return new TurnSpan({
      api: this.#api,
      tracer: this.#tracer,
      session: this.#session,
      messageId,
      parent: this.#contextOf(trace),
      isResumed,
    });
  }

  #contextOf(trace: TraceContext | null) {
    return fromTraceContext(this.#api, trace);
  }
}
