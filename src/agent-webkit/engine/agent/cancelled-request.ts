import type { AgentAsks, AskKind } from '../agent-asks.js';
import type { PermissionResult } from '../agent-client.js';

/** The reply to a request that can no longer be answered: its turn, its agent or its session has ended. */
export function cancelledRequest(): PermissionResult {
  return { behavior: 'deny', message: 'This request can no longer be answered.', interrupt: true };
}

const UNANSWERED: { readonly [Kind in AskKind]: AgentAsks[Kind]['result'] } = {
  elicitation: { action: 'cancel' },
  dialog: { behavior: 'cancelled' },
  hook: { behavior: 'deny', message: 'Nothing was decided in time.' },
};

/** The result of another request that has no reply, and never will. */
export function unansweredAsk<Kind extends AskKind>(kind: Kind): AgentAsks[Kind]['result'] {
  return UNANSWERED[kind];
}
