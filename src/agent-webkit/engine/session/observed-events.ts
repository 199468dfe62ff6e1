import type { EventPayloads } from '../../protocol/events.js';
import type { EngineObserver } from '../engine-observer.js';
import type { Appended } from '../event-log/group-commit.js';
import type { SessionState } from '../event-log/session-state.js';
import { type SessionEvent, timeOf } from '../session-event.js';

interface OpenTurn {
  readonly messageId: string;
  /** As `performance.now()`; null when it began before this server had the session. */
  readonly startedAt: number | null;
  hasOutput: boolean;
}

/** Tells an observer the facts that the committed events of one session state. */
export class ObservedEvents {
  readonly #sessionId: string;
  readonly #observer: EngineObserver;
  /** When each queued message was accepted, as `performance.now()`. */
  readonly #accepted = new Map<string, number>();
  /** The tool calls of the present turn that have no result. */
  readonly #calls = new Map<string, { toolName: string; startedAt: number }>();
  readonly #requests = new Map<string, { type: string; openedAt: number }>();
  #turn: OpenTurn | null = null;

  constructor(sessionId: string, observer: EngineObserver) {
    this.#sessionId = sessionId;
    this.#observer = observer;
  }

  /** Call it once, when the session was read from the storage. */
  restore({ turn, requests, isUnfinished }: SessionState, wasTakenOver: boolean): void {
    if (turn) this.#turn = { messageId: turn.messageId, startedAt: null, hasOutput: true };
    for (const [id, { event }] of requests) {
      this.#requests.set(id, { type: event.name, openedAt: timeOf(event) });
    }
    const sessionId = this.#sessionId;
    this.#observer.sessionLoaded?.({ sessionId, wasUnfinished: isUnfinished, wasTakenOver });
  }

  /** Call it with each group of committed events. */
  committed(appended: readonly Appended[], durationMs: number): void {
    if (appended.length === 0) return;
    for (const { event, wire } of appended) this.#observe(event, wire);
    const chars = appended.reduce((sum, { event }) => sum + event.data.length, 0);
    const { length: events } = appended;
    this.#observer.committed?.({ sessionId: this.#sessionId, events, chars, durationMs });
  }

  #observe(event: SessionEvent, wire: Appended['wire']): void {
    const sessionId = this.#sessionId;
    switch (wire.event) {
      case 'user_message': {
        const { message_id: messageId } = wire.data;
        this.#accepted.set(messageId, performance.now());
        return this.#observer.messageAccepted?.({ sessionId, messageId });
      }
      case 'message_withdrawn':
      case 'message_delivered':
        this.#accepted.delete(wire.data.message_id);
        return;
      case 'turn_start':
        return this.#startTurn(wire.data.message_id);
      case 'message_delta':
      case 'thinking_delta':
      case 'message_complete':
        return this.#output();
      case 'tool_use': {
        this.#output();
        const { tool_use_id: toolUseId, tool_name: toolName } = wire.data;
        this.#calls.set(toolUseId, { toolName, startedAt: performance.now() });
        return this.#observer.toolStarted?.({ sessionId, toolUseId, toolName });
      }
      case 'tool_result':
        return this.#endCall(wire.data.tool_use_id, wire.data.is_error);
      case 'result':
        return this.#endTurn(wire.data);
      case 'permission_request':
      case 'ask_user_question':
      case 'elicitation_request':
      case 'dialog_request':
      case 'hook_decision_request': {
        const { correlation_id: correlationId } = wire.data;
        this.#requests.set(correlationId, { type: wire.event, openedAt: timeOf(event) });
        return this.#observer.requestOpened?.({ sessionId, correlationId, type: wire.event });
      }
      case 'request_resolved':
        return this.#resolve(wire.data.correlation_id, timeOf(event));
      default:
    }
  }

  #startTurn(messageId: string): void {
    const acceptedAt = this.#accepted.get(messageId);
    this.#accepted.delete(messageId);
    const now = performance.now();
    this.#turn = { messageId, startedAt: now, hasOutput: false };
    const queuedMs = acceptedAt === undefined ? null : now - acceptedAt;
    this.#observer.turnStarted?.({ sessionId: this.#sessionId, messageId, queuedMs });
  }

  #output(): void {
    const turn = this.#turn;
    if (!turn || turn.hasOutput || turn.startedAt === null) return;
    turn.hasOutput = true;
    const afterMs = performance.now() - turn.startedAt;
    const { messageId } = turn;
    this.#observer.firstOutput?.({ sessionId: this.#sessionId, messageId, afterMs });
  }

  #endCall(toolUseId: string, isError: boolean): void {
    const call = this.#calls.get(toolUseId);
    if (!call) return;
    this.#calls.delete(toolUseId);
    const durationMs = performance.now() - call.startedAt;
    const { toolName } = call;
    const sessionId = this.#sessionId;
    this.#observer.toolEnded?.({ sessionId, toolUseId, toolName, durationMs, isError });
  }

  #endTurn(result: EventPayloads['result']): void {
    const turn = result.unasked ? null : this.#turn;
    if (!result.unasked) this.#turn = null;
    // A call that was cut off has no result.
    this.#calls.clear();
    const startedAt = turn?.startedAt ?? null;
    this.#observer.turnEnded?.({
      sessionId: this.#sessionId,
      messageId: turn?.messageId ?? null,
      durationMs: startedAt === null ? null : performance.now() - startedAt,
      subtype: result.subtype,
      isError: result.is_error,
      costUsd: result.total_cost_usd,
      modelUsage: result.model_usage ?? {},
    });
  }

  #resolve(correlationId: string, resolvedAt: number): void {
    const request = this.#requests.get(correlationId);
    if (!request) return;
    this.#requests.delete(correlationId);
    // The clock may have been set back.
    const openMs = Math.max(0, resolvedAt - request.openedAt);
    const { type } = request;
    this.#observer.requestResolved?.({ sessionId: this.#sessionId, correlationId, type, openMs });
  }
}
