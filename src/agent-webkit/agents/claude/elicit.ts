import type { OnElicitation } from '@anthropic-ai/claude-agent-sdk';
import type { AskPeople, Elicitation } from '../../engine/agent-asks.js';
import { isRecord } from '../../protocol/is-record.js';

/** Returns the SDK's callback for the requests of MCP servers, which asks the people of the session. */
export function elicit(askPeople: AskPeople): OnElicitation {
  return async (request, { signal }) => {
    const asked = readElicitation(request);
    return asked ? askPeople('elicitation', asked, signal) : { action: 'cancel' };
  };
}

/** Picks the fields of the port. A process may send anything. Null when the request could not be shown. */
function readElicitation(request: Parameters<OnElicitation>[0]): Elicitation | null {
  const { serverName, message, mode, requestedSchema } = request;
  if (typeof serverName !== 'string' || typeof message !== 'string') return null;
  const texts = TEXTS.flatMap((field) =>
    typeof request[field] === 'string' ? [[field, request[field]] as const] : [],
  );
  return {
    serverName,
    message,
    mode: mode === 'url' ? 'url' : 'form',
    ...Object.fromEntries(texts),
    ...(isRecord(requestedSchema) && { requestedSchema }),
  };
}

const TEXTS = ['url', 'elicitationId', 'title', 'displayName', 'description'] as const;
