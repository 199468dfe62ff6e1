import type { EngineLogger } from './engine-logger.js';
import { stackOf } from './stack-of.js';
import type { AcceptSpan, OpenSpan, TurnTracer } from './turn-tracer.js';

const NO_SPAN: AcceptSpan = { context: null, commit: () => undefined, end: () => undefined };

/**
 * Returns a tracer that passes on each call and never throws: parts of a host, such as a processor of spans, run within it. The
 * first error is logged, and none has another effect than a missing span.
 */
export function harmlessTracer(
  tracer: TurnTracer,
  logger: Pick<EngineLogger, 'error'>,
): TurnTracer {
  let hasFailed = false;
  const attempt = <Value>(run: () => Value, otherwise: Value): Value => {
    try {
      return run();
    } catch (error) {
      if (!hasFailed) logger.error('A turn could not be traced.', stackOf(error));
      hasFailed = true;
      return otherwise;
    }
  };
  const harmlessEnd =
    (span: OpenSpan): OpenSpan['end'] =>
    (error) =>
      attempt(() => span.end(error), undefined);
  return {
    active: () => attempt(() => tracer.active(), null),
    accept: (session, messageId) => {
      const span = attempt(() => tracer.accept(session, messageId), NO_SPAN);
      const commit = () => attempt(() => span.commit(), undefined);
      return { context: span.context, commit, end: harmlessEnd(span) };
    },
    startAgent: (session) => {
      const span = attempt<OpenSpan>(() => tracer.startAgent(session), NO_SPAN);
      return { context: span.context, end: harmlessEnd(span) };
    },
    restored: (session, turns) => attempt(() => tracer.restored(session, turns), undefined),
    committed: (...committed) => attempt(() => tracer.committed(...committed), undefined),
    left: (sessionId) => attempt(() => tracer.left(sessionId), undefined),
  };
}
