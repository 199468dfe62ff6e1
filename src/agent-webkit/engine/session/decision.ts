import type { RequestKind, RequestOutcome } from '../../protocol/events.js';
import type { Caller } from '../caller.js';
import type { EngineLogger } from '../engine-logger.js';

/** What became of one thing the agent asked, for whoever keeps account of it. */
export interface RequestDecision {
  sessionId: string;
  /** The id of the caller whose session it is. */
  owner: string;
  /** Who decided; null where nobody did: it expired, or could not be answered any more. */
  caller: Caller | null;
  correlationId: string;
  kind: RequestKind;
  toolName: string;
  /** What the agent asked to do, or asked. */
  input: Record<string, unknown>;
  /** What it was allowed to do instead, or was answered; absent where it was denied. */
  updatedInput?: Record<string, unknown>;
  outcome: RequestOutcome;
  at: Date;
}

/** Called with each decision. What it throws is logged, and changes nothing. */
export type OnDecision = (decision: RequestDecision) => void | Promise<void>;

/** Tells it, not waiting. */
export function tellDecision(
  onDecision: OnDecision,
  decision: RequestDecision,
  logger: EngineLogger,
): void {
  const { input, updatedInput, ...rest } = decision;
  // Copies: where the host blots out a secret in them, the agent still gets what was decided.
  const told = async () =>
    onDecision({
      ...rest,
      input: structuredClone(input),
      ...(updatedInput && { updatedInput: structuredClone(updatedInput) }),
    });
  told().catch((error: unknown) => {
    logger.error(`Session ${decision.sessionId}: the option onDecision threw.`, error);
  });
}
