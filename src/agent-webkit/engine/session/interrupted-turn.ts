import type { WireEvent } from '../../protocol/events.js';
import type { SessionState } from '../event-log/session-state.js';
import { parseSessionEvent } from '../session-event.js';
import { errorEvent } from './turn-events.js';

/** How many tools the message names. */
const MAX_NAMES = 5;

/**
 * Returns the event about a turn whose server stopped. The log does not know if a call of the turn has run: the
 * agent may have ended before its result was stored. It knows the calls of durable tools that an agent was allowed.
 */
export function turnInterrupted(state: Pick<SessionState, 'answered'>): WireEvent {
  const tools = [...new Set([...state.answered.values()].flatMap(allowedTool))];
  const calls =
    tools.length === 0
      ? 'Its tool calls may have run.'
      : `Calls of ${tools.slice(0, MAX_NAMES).join(', ')} were allowed and may have run.`;
  return errorEvent(
    'turn_interrupted',
    `The server stopped while this turn ran. ${calls} Check their effects before you send its message again.`,
  );
}

/** Returns the tool of a request if its answer allowed the call. */
function allowedTool(events: ReadonlyArray<Parameters<typeof parseSessionEvent>[0]>): string[] {
  const [asked, resolved] = events.map(parseSessionEvent);
  if (asked?.event !== 'permission_request' || resolved?.event !== 'request_resolved') return [];
  return resolved.data.outcome === 'allowed' ? [asked.data.tool_name] : [];
}
