import type { RequestKind, RequestOutcome } from '../../protocol/events.js';
import type { Caller } from '../caller.js';
import type { EngineLogger } from '../engine-logger.js';

/** The outcome of one request of the agent, for a host's audit log. */
export interface RequestDecision {
  sessionId: string;
  /** The id of the caller who owns the session. */
  owner: string;
  /** The caller who replied; null when the request expired or was cancelled. */
  caller: Caller | null;
  correlationId: string;
  kind: RequestKind;
  /** The tool. Of an elicitation: its MCP server, such as `mcp__crm`. Of a dialog: its kind. Of a hook: its tool or its event. */
  toolName: string;
  /** The tool's input, the questions, or the data of another request, as the agent sent them. */
  input: Record<string, unknown>;
  /** The input that was allowed, if it is not the one that was shown: an edited input, or the request with its answers. Absent otherwise. */
  updatedInput?: Record<string, unknown>;
  /** A request that expired has the outcome `allowed` and no caller where `requests.expiry` allows it. */
  outcome: RequestOutcome;
  /** When the request was opened; null for a request of an earlier version. */
  openedAt: Date | null;
  /** When it was resolved. */
  at: Date;
  /** The digest of the input that clients were shown, as in the event of the request. */
  inputDigest: string;
  /** The digest of the input that was allowed; absent when it is the one that was shown. */
  updatedInputDigest?: string;
  /** The ids of all callers who approved it, in their order; absent when one approval was enough. */
  approvedBy?: readonly string[];
  /** To whom it was escalated; absent when it was not. */
  escalatedTo?: readonly string[];
  /** The number of the decision in its session, from 1. */
  number: number;
  /** The hash of the decision before; null for the first one. */
  prev: string | null;
  /** The hash of this decision, as in `GET /sessions/:id/decisions`. */
  hash: string;
}

/** Called with each decision. An error that it throws is logged and changes nothing. */
export type OnDecision = (decision: RequestDecision) => void | Promise<void>;

/** Calls `onDecision` with a copy of the decision, without waiting for it. */
export function reportDecision(
  onDecision: OnDecision,
  decision: RequestDecision,
  logger: EngineLogger,
): void {
  const { input, updatedInput, ...rest } = decision;
  // Copies: a host may redact a secret in them, and the agent still gets the decided input.
  const report = async () =>
    onDecision({
      ...rest,
      input: structuredClone(input),
      ...(updatedInput && { updatedInput: structuredClone(updatedInput) }),
    });
  report().catch((error: unknown) => {
    logger.error(`Session ${decision.sessionId}: the option onDecision threw an error.`, error);
  });
}
