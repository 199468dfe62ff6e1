import type { RequestKind, WireEvent } from '../../protocol/events.js';
import type { PermissionContext } from '../agent-client.js';
import { QUESTION_TOOL } from '../event-log/asked.js';
import { approvalsOf, type RequestApprovalsByTool } from '../request-approvals.js';
import { escalationOf, type RequestEscalationByTool } from '../request-escalation.js';
import { expiryOf, type RequestExpiryByTool } from '../request-expiry.js';
import { requestEventOrNull } from './request-events.js';

/** The policies of the host for the requests of tools. */
export interface RequestPolicies {
  /** How long a request stays open without a reply before it is denied, in milliseconds; null for no limit. */
  timeoutMs: number | null;
  /** The expiry of the requests of some tools. */
  expiry?: RequestExpiryByTool;
  /** The approvals that the requests of some tools need. */
  approvals?: RequestApprovalsByTool;
  /** The escalation of the requests of some tools. */
  escalation?: RequestEscalationByTool;
}

/** A request to publish. */
export interface AskedRequest {
  readonly correlationId: string;
  readonly kind: RequestKind;
  readonly event: WireEvent;
  /** The agent's input, of which the event may show only a part. */
  readonly input: object;
  /** When it expires without a reply; undefined when it stays open. */
  readonly expiry: Expiry | undefined;
  readonly isDurable: boolean;
}

export type Expiry = NonNullable<ReturnType<typeof expiryOf>>;

/**
 * Returns the request for a tool call, with the policies that apply to it; null when its input is nested too deeply.
 *
 * @param isDurable undefined for a tool that is not durable
 */
export function requestForTool(
  toolName: string,
  input: Record<string, unknown>,
  context: PermissionContext,
  isDurable: boolean | undefined,
  policies: RequestPolicies,
): AskedRequest | null {
  const event = requestEventOrNull(toolName, input, context, isDurable);
  if (!event) return null;
  const kind = toolName === QUESTION_TOOL ? 'question' : 'permission';
  const approvals = approvalsOf(toolName, policies.approvals ?? {});
  if (approvals && event.event === 'permission_request') event.data.approvals = approvals;
  const mustBeDenied = kind === 'question' || approvals !== undefined;
  const defaultMs = isDurable ? null : policies.timeoutMs;
  const now = Date.now();
  const expiry = expiryOf(toolName, mustBeDenied, policies.expiry ?? {}, defaultMs, now);
  if (expiry) event.data.expiry = { at: expiry.at, decision: expiry.decision };
  const escalation = escalationOf(toolName, policies.escalation ?? {}, expiry?.afterMs, now);
  if (escalation) event.data.escalation = escalation;
  return {
    correlationId: context.toolUseID,
    kind,
    event,
    input,
    expiry,
    isDurable: isDurable === true,
  };
}
