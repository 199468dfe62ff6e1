import type { OnElicitation, OnUserDialog, Options } from '@anthropic-ai/claude-agent-sdk';
import type { AgentDialog, AskPeople, Elicitation } from '../../engine/agent-asks.js';
import { isRecord } from '../../protocol/is-record.js';

/** Returns the SDK's callbacks for the requests of MCP servers and for dialogs, which ask the people of the session. */
export function askingPeople(
  askPeople: AskPeople,
): Required<Pick<Options, 'onElicitation' | 'onUserDialog'>> {
  return {
    onElicitation: async (request, { signal }) => {
      const asked = readElicitation(request);
      return asked ? askPeople('elicitation', asked, signal) : { action: 'cancel' };
    },
    onUserDialog: async (request, { signal }) => {
      const asked = readDialog(request);
      return asked ? askPeople('dialog', asked, signal) : { behavior: 'cancelled' };
    },
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

function readDialog({
  dialogKind,
  payload,
  toolUseID,
}: Parameters<OnUserDialog>[0]): AgentDialog | null {
  if (typeof dialogKind !== 'string' || !isRecord(payload)) return null;
  return { dialogKind, payload, ...(typeof toolUseID === 'string' && { toolUseID }) };
}
