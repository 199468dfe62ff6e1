import type { EventPayloads, WireEvent } from '../../protocol/events.js';
import type { PermissionMode, SessionConfig } from '../agent-client.js';
import { sumUsd } from '../sum-usd.js';

/**
 * Returns the `result` of a turn that ended without a result from the agent.
 *
 * @param priorCostUsd the cost of the session before this turn
 */
export function failedResult(
  sessionId: string,
  costUsd: number,
  priorCostUsd: number,
): Extract<WireEvent, { event: 'result' }> {
  const data: EventPayloads['result'] = {
    session_id: sessionId,
    subtype: 'error_during_execution',
    is_error: true,
    total_cost_usd: costUsd,
    session_cost_usd: sumUsd(priorCostUsd, costUsd),
    duration_ms: 0,
    num_turns: 0,
    usage: {},
  };
  return { event: 'result', data };
}

/** Returns the `result` of a turn that ended without an agent, because a budget is used up. */
export function exhaustedResult(
  sessionId: string,
  costUsd: number,
  priorCostUsd: number,
  reason: string,
): WireEvent {
  const { data } = failedResult(sessionId, costUsd, priorCostUsd);
  return {
    event: 'result',
    data: {
      ...data,
      subtype: 'error_max_budget_usd',
      errors: [reason],
    },
  };
}

/** Returns the event for an agent that has stopped (`dormant`) or starts again (`idle`). */
export function sessionState(state: 'dormant' | 'idle'): WireEvent {
  return { event: 'session_state', data: { state } };
}

/** Returns the event for a change of the session's effort or thinking budget. */
export function effortChanged({
  effort = null,
  maxThinkingTokens = null,
}: SessionConfig): WireEvent {
  return { event: 'effort_changed', data: { effort, max_thinking_tokens: maxThinkingTokens } };
}

/** Returns the event for a change of the session's permission mode. */
export function permissionModeChanged(permission_mode: PermissionMode): WireEvent {
  return { event: 'permission_mode_changed', data: { permission_mode } };
}

/** Returns the `error` event with a code for programs and a message for people. */
export function errorEvent(code: string, message: string): WireEvent {
  return { event: 'error', data: { code, message } };
}

/** Returns the event with which the agent forgets a message, before the turn of the one that replaces it. */
export function rewound(replaced: string, replacedBy: string): WireEvent {
  return {
    event: 'conversation_rewound',
    data: { message_id: replaced, replaced_by: replacedBy },
  };
}
