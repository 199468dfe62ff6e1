import type { ModelUsage } from '../protocol/events.js';
import type { EngineLogger } from './engine-logger.js';
import type { ErrorCode } from './errors.js';

/** A turn of a session, by the id of its user message. */
export interface ObservedTurn {
  readonly sessionId: string;
  readonly messageId: string;
}

/** A turn that began. */
export interface TurnStarted extends ObservedTurn {
  /** How long its message was queued, in milliseconds; null when another server, or an earlier run, accepted it. */
  readonly queuedMs: number | null;
}

/** The first output of the agent in a turn: text, thinking or a tool call, whichever is committed first. */
export interface FirstOutput extends ObservedTurn {
  /** The time since the start of the turn, in milliseconds. */
  readonly afterMs: number;
}

/** A turn that ended, or one that the agent began by itself and ended. */
export interface TurnEnded {
  readonly sessionId: string;
  /** The id of the turn's user message; null for a turn that the agent began by itself. */
  readonly messageId: string | null;
  /** How long the turn ran, in milliseconds; null when it began before this server had the session. */
  readonly durationMs: number | null;
  /** `success`, or the reason of the end, such as `error_max_turns`, as in the event `result`. */
  readonly subtype: string;
  readonly isError: boolean;
  /** The cost of the turn in US dollars. */
  readonly costUsd: number;
  /** The cost and the tokens of the turn by model; empty when the agent does not report them. */
  readonly modelUsage: Readonly<Record<string, ModelUsage>>;
}

/** A call of a tool by the agent. */
export interface ToolCall {
  readonly sessionId: string;
  readonly toolUseId: string;
  readonly toolName: string;
}

/** A call of a tool that returned. */
export interface ToolEnded extends ToolCall {
  readonly durationMs: number;
  readonly isError: boolean;
}

/** A request of the agent to people. */
export interface ObservedRequest {
  readonly sessionId: string;
  readonly correlationId: string;
  /** The name of its event, such as `permission_request`. */
  readonly type: string;
}

/** A request that was answered, expired or was cancelled. */
export interface RequestResolved extends ObservedRequest {
  /** How long it was open, in milliseconds, by the times of its events. */
  readonly openMs: number;
}

/** The start of an agent, or its end. */
export interface AgentStarted {
  readonly sessionId: string;
  /** The time from the call of the factory to the first message of the agent, in milliseconds. */
  readonly durationMs: number;
}

/** The end of an agent. */
export interface AgentEnded {
  readonly sessionId: string;
  /** `stopped` when the server stopped it, `failed` when it ended by itself. */
  readonly outcome: 'stopped' | 'failed';
}

/** A session that was read from the storage. */
export interface SessionLoaded {
  readonly sessionId: string;
  /** True if it had work: a queued message, a running turn or an open request. */
  readonly wasUnfinished: boolean;
  /** True if another server had it, which did not release it: one that was killed, frozen or cut off, or this one before a restart. */
  readonly wasTakenOver: boolean;
}

/** A group of events that became durable together. */
export interface Commit {
  readonly sessionId: string;
  readonly events: number;
  /** The size of their payloads, in characters. */
  readonly chars: number;
  /** The time from the first attempt to write them until they were durable, in milliseconds. */
  readonly durationMs: number;
}

/**
 * Receives what happens in the engine, for metrics and traces. Every method is optional. A method is called synchronously, must
 * return quickly, and changes nothing: an error that it throws is logged once, and has no other effect.
 *
 * Facts about a session come in the order of its events, after their commit. Ids join the facts of one session; they have no place
 * in the attributes of a metric, because there is no bound on their number. No method receives content.
 */
export interface EngineObserver {
  /** A user message was accepted. */
  messageAccepted?(message: ObservedTurn): void;
  turnStarted?(turn: TurnStarted): void;
  firstOutput?(output: FirstOutput): void;
  turnEnded?(turn: TurnEnded): void;
  toolStarted?(call: ToolCall): void;
  toolEnded?(call: ToolEnded): void;
  requestOpened?(request: ObservedRequest): void;
  requestResolved?(request: RequestResolved): void;
  /** The agent of a session is being created. */
  agentStarting?(agent: { readonly sessionId: string }): void;
  /** The agent has sent its first message. */
  agentStarted?(agent: AgentStarted): void;
  agentEnded?(agent: AgentEnded): void;
  /** Events became durable. */
  committed?(commit: Commit): void;
  /** A session was loaded from the storage, which claims it for this server. */
  sessionLoaded?(session: SessionLoaded): void;
  /** A session was taken over by another server or deleted by it, or the storage has lost events of it. */
  sessionLost?(session: { readonly sessionId: string }): void;
  /** A request of a client was rejected. */
  refused?(refusal: { readonly code: ErrorCode }): void;
  /** A call of the storage failed or timed out, or a request waited for it for too long. */
  storageFailed?(failure: { readonly call: string }): void;
}

type Methods = Required<EngineObserver>;

const METHODS: Readonly<Record<keyof Methods, true>> = {
  messageAccepted: true,
  turnStarted: true,
  firstOutput: true,
  turnEnded: true,
  toolStarted: true,
  toolEnded: true,
  requestOpened: true,
  requestResolved: true,
  agentStarting: true,
  agentStarted: true,
  agentEnded: true,
  committed: true,
  sessionLoaded: true,
  sessionLost: true,
  refused: true,
  storageFailed: true,
};

/** Returns one observer that passes each fact to all of them. It never throws. */
export function observeAll(
  observers: readonly EngineObserver[],
  logger: Pick<EngineLogger, 'error'>,
): Methods {
  let hasFailed = false;
  const callAll = (name: keyof Methods, fact: never) => {
    for (const observer of observers) {
      try {
        observer[name]?.(fact);
      } catch (error) {
        if (!hasFailed) logger.error(`An observer of the engine failed (${name}).`, error);
        hasFailed = true;
      }
    }
  };
  const names = Object.keys(METHODS) as (keyof Methods)[];
  return Object.fromEntries(
    names.map((name) => [name, (fact: never) => callAll(name, fact)]),
  ) as unknown as Methods;
}
