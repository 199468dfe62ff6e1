import { randomUUID } from 'node:crypto';
import type { RequestPayloads, WireEvent } from '../../protocol/events.js';
import type { AgentAsks, AgentDialog, AskKind, Elicitation, HookQuestion } from '../agent-asks.js';
import { digestOf, TooDeepError } from '../digest.js';
import { detailsOf } from '../event-log/asked.js';

/** The event that opens a request, and the id of that request. */
export interface AskEvent {
  readonly correlationId: string;
  readonly event: WireEvent;
}

/** An event that lacks the digest. */
type Undigested = {
  [Name in keyof RequestPayloads]: {
    event: Name;
    data: Omit<RequestPayloads[Name], 'input_digest'>;
  };
}[keyof RequestPayloads];

const EVENTS: {
  readonly [Kind in AskKind]: (
    correlation_id: string,
    asked: AgentAsks[Kind]['asked'],
  ) => Undigested | null;
} = { elicitation: elicitationEvent, dialog: dialogEvent, hook: hookEvent };

/** Returns the event that asks clients; null when no client may be asked this. */
export function createAskEvent<Kind extends AskKind>(
  kind: Kind,
  asked: AgentAsks[Kind]['asked'],
): AskEvent | null {
  const correlationId = randomUUID();
  const event = EVENTS[kind](correlationId, asked);
  if (!event) return null;
  try {
    const data = { ...event.data, input_digest: digestOf(detailsOf(event.data)) };
    // The name still fits the data, which the compiler cannot follow.
    return { correlationId, event: { ...event, data } as WireEvent };
  } catch (error) {
    if (error instanceof TooDeepError) return null;
    throw error;
  }
}

function elicitationEvent(correlation_id: string, asked: Elicitation): Undigested | null {
  const { serverName: server_name, message, mode = 'form', title, displayName } = asked;
  const data: Omit<RequestPayloads['elicitation_request'], 'input_digest'> = {
    correlation_id,
    server_name,
    message,
    mode,
    ...(title !== undefined && { title }),
    ...(displayName !== undefined && { display_name: displayName }),
    ...(asked.description !== undefined && { description: asked.description }),
  };
  if (mode === 'form') {
    return {
      event: 'elicitation_request',
      data: { ...data, requested_schema: asked.requestedSchema ?? {} },
    };
  }
  const { url, elicitationId } = asked;
  const page = readAddress(url);
  if (page === null) return null;
  return {
    event: 'elicitation_request',
    data: {
      ...data,
      url: page,
      ...(elicitationId !== undefined && { elicitation_id: elicitationId }),
    },
  };
}

function dialogEvent(correlation_id: string, asked: AgentDialog): Undigested {
  const { dialogKind: dialog_kind, payload, toolUseID: tool_use_id } = asked;
  const data = { correlation_id, dialog_kind, payload };
  return {
    event: 'dialog_request',
    data: { ...data, ...(tool_use_id !== undefined && { tool_use_id }) },
  };
}

function hookEvent(
  correlation_id: string,
  { event: hook_event, input: hook_input }: HookQuestion,
): Undigested {
  return { event: 'hook_decision_request', data: { correlation_id, hook_event, hook_input } };
}

/** Returns the address of a page as a browser reads it. Null for one that a browser would run, or open with a program. */
function readAddress(url = ''): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}
