import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { eventually } from './eventually.js';

const done = () => Promise.resolve();

/** The spans of a test, as a host with OpenTelemetry exports them. */
export class RecordedSpans {
  readonly #exporter = new InMemorySpanExporter();
  readonly provider: TracerProvider;

  /** True while the host's own processor of spans fails. */
  isBroken = false;

  /** Registers a provider of spans for this process. */
  constructor(...exporters: SpanExporter[]) {
    this.provider = new TracerProvider({
      spanProcessors: [
        ...[this.#exporter, ...exporters].map((exporter) => new SimpleSpanProcessor({ exporter })),
        this.#breaking(),
      ],
    });
    trace.setGlobalTracerProvider(this.provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }

  #breaking(): SpanProcessor {
    const fail = () => {
      if (this.isBroken) throw new Error('This processor of spans is broken.');
    };
    return { onStart: fail, onEnd: fail, forceFlush: done, shutdown: done };
  }

  get all(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  /** Returns the ended spans of a session. */
  of(sessionId: string): ReadableSpan[] {
    return this.all.filter(({ attributes }) => attributes['gen_ai.conversation.id'] === sessionId);
  }

  /** Resolves to the spans of a session when this many turns, or parts of turns, have ended. */
  async turns(sessionId: string, count = 1): Promise<ReadableSpan[]> {
    const turns = () => this.of(sessionId).filter(({ name }) => name === 'invoke_agent');
    await eventually(() => Promise.resolve(turns().length >= count));
    return this.of(sessionId);
  }

  /** Ends the recording. */
  async end(): Promise<void> {
    await this.provider.shutdown();
    trace.disable();
    context.disable();
  }
}

/** Returns the span with a name. */
export function spanNamed(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const found = spans.filter((span) => span.name === name);
  const [span] = found;
  if (!span || found.length > 1) {
    throw new Error(`${found.length} of ${spans.map((each) => each.name).join(', ')}: ${name}`);
  }
  return span;
}

/** Returns the name of the span above each span with a name, in the order of their ends. */
export function parents(spans: readonly ReadableSpan[], name: string): (string | undefined)[] {
  return spans
    .filter((span) => span.name === name)
    .map((span) => {
      const parentId = span.parentSpanContext?.spanId;
      return spans.find((each) => each.spanContext().spanId === parentId)?.name;
    });
}

/** Returns the names of the spans above a span, the nearest first. */
export function ancestors(spans: readonly ReadableSpan[], name: string): string[] {
  const above: string[] = [];
  let span: ReadableSpan | undefined = spanNamed(spans, name);
  while (span) {
    const parentId: string | undefined = span.parentSpanContext?.spanId;
    span = spans.find((each) => each.spanContext().spanId === parentId);
    if (span) above.push(span.name);
  }
  return above;
}
