import type { WireEvent } from '../protocol/events.js';
import type { TraceContext } from './trace-context.js';

/** A session whose turns are traced. */
export interface TracedSession {
  /** The id of the session, a UUID. */
  readonly id: string;
  /** The id of the caller who owns the session. */
  readonly owner: string;
}

/** A turn that was accepted or started by an earlier run of this server, or by another one. */
export interface RestoredTurn {
  /** The id of its user message. */
  readonly messageId: string;
  /** The context that was stored with its message; null for none. */
  readonly trace: TraceContext | null;
}

/** A span that has begun. */
export interface OpenSpan {
  /** Its context, for what it causes; null when it belongs to no trace. */
  readonly context: TraceContext | null;
  /** Ends the span; again without an effect. @param error the reason why it failed */
  end(error?: unknown): void;
}

/** The span of the acceptance of a message. */
export interface AcceptSpan extends OpenSpan {
  /** Begins the span of the commit of the message, in this one. It ends with this one. */
  commit(): void;
}

/**
 * Traces the turns of sessions. No method receives the content of a message, throws, or waits. The default traces
 * nothing.
 */
export interface TurnTracer {
  /** Returns the context of the span in which the caller's code runs; null for none. */
  active(): TraceContext | null;
  /** Begins the span of the acceptance of a user message. It ends when the message is committed, or was rejected. */
  accept(session: TracedSession, messageId: string): AcceptSpan;
  /** Begins the span of the start of a session's agent. It ends when the agent was created. */
  startAgent(session: TracedSession): OpenSpan;
  /** Takes over the turns of a session that was loaded from the storage. */
  restored(
    session: TracedSession,
    turns: { readonly queued: readonly RestoredTurn[]; readonly running: RestoredTurn | null },
  ): void;
  /**
   * Follows the events of a session, in their order, after their commit.
   *
   * @param durationMs how long the commit took since the first attempt to write them, in milliseconds
   */
  committed(session: TracedSession, events: readonly WireEvent[], durationMs: number): void;
  /** Ends the spans of a session that leaves this server. */
  left(sessionId: string): void;
}
