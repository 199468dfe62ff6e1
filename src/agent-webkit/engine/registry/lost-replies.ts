import type { RequestOutcome } from '../../protocol/events.js';
import type { InboundMessage } from '../../protocol/inbound.js';
import type { Caller } from '../caller.js';
import type { SessionCall } from '../cluster/session-call.js';
import { ELICITATION_OUTCOMES } from '../session/elicitation-replies.js';
import { parseSessionEvent } from '../session-event.js';
import type { StorageProvider } from '../storage.js';

/** How many of the last events are searched: the answer was given a moment ago. */
const SEARCHED_EVENTS = 1000;

/**
 * Resolves to true when an answer to a request of the agent was accepted at its first attempt, whose reply
 * was lost: the request was resolved by this caller, in this way.
 */
export async function wasAnswered(
  { records, events }: Pick<StorageProvider, 'records' | 'events'>,
  sessionId: string,
  caller: Caller,
  call: SessionCall,
): Promise<boolean> {
  if (call.kind !== 'send' || !('correlation_id' in call.message)) return false;
  const record = await records.get(sessionId);
  if (!record) return false;
  const { firstSeq, lastSeq } = record.log;
  const after = Math.max(firstSeq - 1, lastSeq - SEARCHED_EVENTS);
  const { correlation_id } = call.message;
  const outcome = outcomeOf(call.message);
  for (const event of await events.read(sessionId, after, SEARCHED_EVENTS)) {
    const wire = parseSessionEvent(event);
    if (wire.event !== 'request_resolved' || wire.data.correlation_id !== correlation_id) continue;
    if (wire.data.by === caller.id && wire.data.outcome === outcome) return true;
  }
  return false;
}

function outcomeOf(message: InboundMessage): RequestOutcome {
  switch (message.type) {
    case 'permission_response':
    case 'hook_decision_response':
      return message.behavior === 'allow' ? 'allowed' : 'denied';
    case 'elicitation_response':
      return ELICITATION_OUTCOMES[message.action];
    case 'dialog_response':
      return message.behavior === 'completed' ? 'answered' : 'cancelled';
    default:
      return 'answered';
  }
}
