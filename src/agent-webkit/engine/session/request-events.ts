import type { PendingRequest } from '../../protocol/answers.js';
import type { WireEvent } from '../../protocol/events.js';
import type { PermissionContext } from '../agent-client.js';
import { digestOf, TooDeepError } from '../digest.js';
import { QUESTION_TOOL } from '../event-log/asked.js';
import type { OpenRequest } from '../event-log/session-state.js';
import { parseSessionEvent } from '../session-event.js';
import { showInput } from './shown-plan.js';

/** The event of a request. */
export type RequestEvent = Extract<
  WireEvent,
  { event: 'permission_request' | 'ask_user_question' }
>;

/**
 * Returns the event that asks clients for a permission, or for the answers to questions.
 *
 * @throws TooDeepError when the input is nested too deeply
 */
export function createRequestEvent(
  toolName: string,
  input: Record<string, unknown>,
  context: PermissionContext,
  isDurable?: boolean,
): RequestEvent {
  const correlation_id = context.toolUseID;
  const durable = isDurable !== undefined && { durable: isDurable };
  if (toolName === QUESTION_TOOL) {
    return {
      event: 'ask_user_question',
      data: { correlation_id, questions: input, input_digest: digestOf(input), ...durable },
    };
  }
  const shown = showInput(toolName, input);
  const details = {
    tool_use_id: context.toolUseID,
    agent_id: context.agentID,
    // As a client may send them back: for this session, not for a settings file.
    suggestions: context.suggestions?.map((update) => ({ ...update, destination: 'session' })),
    blocked_path: context.blockedPath,
    decision_reason: context.decisionReason,
    title: context.title,
    display_name: context.displayName,
    description: context.description,
    mcp_server: context.mcpServer && {
      name: context.mcpServer.name,
      source: context.mcpServer.source,
    },
    default_to_no: context.defaultToNo,
    suppress_always_allow_rule: context.suppressAlwaysAllowRule,
    matched_ask_rule: context.matchedAskRule && askRule(context.matchedAskRule),
    plan_missing: shown.isPlanMissing || undefined,
  };
  return {
    event: 'permission_request',
    data: {
      correlation_id,
      tool_name: toolName,
      input: shown.input,
      input_digest: digestOf(shown.input),
      context: withoutUndefined(details),
      ...durable,
    },
  };
}

/** Returns the event as {@link createRequestEvent} does, or null when the input is nested too deeply. */
export function requestEventOrNull(
  ...request: Parameters<typeof createRequestEvent>
): RequestEvent | null {
  try {
    return createRequestEvent(...request);
  } catch (error) {
    if (error instanceof TooDeepError) return null;
    throw error;
  }
}

/** Returns an open request as its event described it, with the event's name, and with what is known of its approvals and its escalation. */
export function toPendingRequest({
  event: stored,
  approvedBy,
  escalatedTo,
}: Pick<OpenRequest, 'event'> &
  Partial<Pick<OpenRequest, 'approvedBy' | 'escalatedTo'>>): PendingRequest {
  const { event, data } = parseSessionEvent(stored);
  const known = {
    ...(approvedBy && 'approvals' in data && data.approvals && { approved_by: [...approvedBy] }),
    ...(escalatedTo && { escalated_to: [...escalatedTo] }),
  };
  return { event, ...data, ...known } as PendingRequest;
}

function askRule({
  source,
  toolName,
  ruleContent,
}: NonNullable<PermissionContext['matchedAskRule']>) {
  return withoutUndefined({ source, tool_name: toolName, rule_content: ruleContent });
}

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
