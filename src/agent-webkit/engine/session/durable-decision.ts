import type { RequestDecisionData } from '../../protocol/events.js';
import type { PermissionResult, PermissionUpdate } from '../agent-client.js';
import { digestOf } from '../digest.js';
import type { DecidedRequest, OpenRequest } from '../event-log/session-state.js';
import { shownDigest } from './resolution.js';
import { showInput } from './shown-plan.js';

/** Returns the answer to a durable request for the log, where it waits for an agent. The log has its input as well. */
export function decisionOf(result: PermissionResult): RequestDecisionData {
  if (result.behavior === 'deny') return denialOf(result);
  const { updatedPermissions } = result;
  return {
    behavior: 'allow',
    ...(updatedPermissions && { updated_permissions: updatedPermissions }),
  };
}

/**
 * Returns the result for the agent that asks again.
 *
 * @param input the input that the agent sends, of which clients may have seen only a part
 */
export function resultOfDecision(
  { request, decision, updatedInput }: DecidedRequest,
  input: Record<string, unknown>,
): PermissionResult {
  if (decision.behavior === 'deny') return denialOf(decision);
  const { updated_permissions: updates } = decision;
  return {
    behavior: 'allow',
    updatedInput: updatedInput ?? approvedInput(request, input),
    // They were checked when the answer arrived.
    ...(updates && { updatedPermissions: updates as PermissionUpdate[] }),
  };
}

/** Returns the input of the agent if it is the one that was shown, else that one: a hook may have changed it since. */
function approvedInput(request: OpenRequest, input: Record<string, unknown>) {
  const shown = showInput(request.toolName, input).input;
  try {
    return digestOf(shown) === shownDigest(request) ? input : request.input;
  } catch {
    return request.input; // it is nested too deeply, which the one that was shown was not
  }
}

function denialOf({ message, interrupt }: { message: string; interrupt?: boolean }) {
  const more = interrupt === undefined ? {} : { interrupt };
  return { behavior: 'deny' as const, message, ...more };
}
