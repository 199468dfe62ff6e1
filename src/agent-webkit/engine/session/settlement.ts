import type { RequestKind, RequestOutcome } from '../../protocol/events.js';
import type { AgentAsks, AskKind } from '../agent-asks.js';
import type { PermissionResult } from '../agent-client.js';
import { cancelledRequest, unansweredAsk } from '../agent/cancelled-request.js';

/** The result of a request, as the agent receives it. */
export type RequestResult = PermissionResult | AgentAsks[AskKind]['result'];

/** The end of a request. */
export interface Settlement {
  readonly outcome: RequestOutcome;
  readonly result: RequestResult;
  /** The input with the reply: the input that was allowed, or the request with its answers. */
  readonly updatedInput?: Record<string, unknown>;
}

/** Returns the end of a request that has no reply. */
export function unanswered(kind: RequestKind, outcome: 'cancelled' | 'expired'): Settlement {
  if (!isForTool(kind)) return { outcome, result: unansweredAsk(kind) };
  if (outcome === 'cancelled') return { outcome, result: cancelledRequest() };
  return { outcome, result: { behavior: 'deny', message: 'No reply arrived in time.' } };
}

/** Returns the end of a request that expired and whose tool is then allowed, with the input that was shown. */
export function allowedByExpiry(input: Record<string, unknown>): Settlement {
  return {
    outcome: 'allowed',
    result: { behavior: 'allow', updatedInput: input },
    updatedInput: input,
  };
}

/** Returns the result of a request that is not published, because too many others are open. */
export function tooManyOpen(kind: RequestKind): RequestResult {
  if (!isForTool(kind)) return unansweredAsk(kind);
  return {
    behavior: 'deny',
    message: 'Too many requests wait for the user. Try again when some of them are answered.',
  };
}

function isForTool(kind: RequestKind): kind is Exclude<RequestKind, AskKind> {
  return kind === 'permission' || kind === 'question';
}
