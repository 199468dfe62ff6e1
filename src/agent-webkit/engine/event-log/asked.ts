import type {
  RequestApprovalsData,
  RequestEscalationData,
  RequestExpiryData,
  RequestKind,
  WireEvent,
} from '../../protocol/events.js';
import type { RequestPayloads } from '../../protocol/requests.js';

/** The tool by which the agent asks people questions. */
export const QUESTION_TOOL = 'AskUserQuestion';

type RequestName = 'permission_request' | 'ask_user_question' | keyof RequestPayloads;

/** A request of the agent, as its event has it. */
export interface Asked {
  readonly kind: RequestKind;
  readonly correlationId: string;
  /** The tool. Of an elicitation: its MCP server, as in the name of a rule. Of a dialog: its kind. Of a hook: its tool or its event. */
  readonly toolName: string;
  /** The tool's input, or the data of another request, as the agent sent it. */
  readonly input: Record<string, unknown>;
  /** The digest of the input; null for a request of an earlier version. */
  readonly inputDigest: string | null;
  /** The approvals that a permission needs; absent when one is enough. */
  readonly approvals?: RequestApprovalsData;
  /** True when it stays open without an agent. */
  readonly isDurable: boolean;
  /** True for a call of a durable tool, whose request may not be durable all the same. */
  readonly isForDurableTool: boolean;
  /** When it expires; absent when it stays open. */
  readonly expiry?: RequestExpiryData;
  /** When it is escalated; absent when it never is. */
  readonly escalation?: RequestEscalationData;
}

/** The fields that the events of several kinds of requests have. */
interface Policies {
  durable?: boolean;
  expiry?: RequestExpiryData;
  escalation?: RequestEscalationData;
}

/** Reads the event of a request. */
export function readAsked(wire: Extract<WireEvent, { event: RequestName }>): Asked {
  const { durable, expiry, escalation } = wire.data as Policies;
  return {
    ...readInput(wire),
    isDurable: durable === true,
    isForDurableTool: durable !== undefined,
    ...(expiry && { expiry }),
    ...(escalation && { escalation }),
  };
}

function readInput(
  wire: Extract<WireEvent, { event: RequestName }>,
): Omit<Asked, 'isDurable' | 'isForDurableTool' | 'expiry' | 'escalation'> {
  const { correlation_id: correlationId, input_digest: inputDigest = null } = wire.data;
  switch (wire.event) {
    case 'permission_request': {
      const { tool_name: toolName, input, approvals } = wire.data;
      const asked = { kind: 'permission', correlationId, toolName, input, inputDigest } as const;
      return { ...asked, ...(approvals && { approvals }) };
    }
    case 'ask_user_question': {
      const { questions: input } = wire.data;
      return { kind: 'question', correlationId, toolName: QUESTION_TOOL, input, inputDigest };
    }
    case 'elicitation_request': {
      const toolName = `mcp__${wire.data.server_name.replace(/[^\w-]/g, '_')}`;
      const input = detailsOf(wire.data);
      return { kind: 'elicitation', correlationId, toolName, input, inputDigest };
    }
    case 'dialog_request': {
      const { dialog_kind: toolName } = wire.data;
      const input = detailsOf(wire.data);
      return { kind: 'dialog', correlationId, toolName, input, inputDigest };
    }
    case 'hook_decision_request': {
      const { hook_event, hook_input: input } = wire.data;
      const { tool_name: tool } = input;
      const toolName = typeof tool === 'string' ? tool : hook_event;
      return { kind: 'hook', correlationId, toolName, input: detailsOf(wire.data), inputDigest };
    }
    default:
      return wire satisfies never;
  }
}

/** Returns the payload of a request without what the server adds: the input of its digest. */
export function detailsOf(payload: object): Record<string, unknown> {
  const {
    correlation_id: _,
    time: __,
    input_digest: ___,
    ...details
  } = payload as Record<string, unknown>;
  return details;
}
