import type { DecisionRecord } from '../../protocol/answers.js';
import type { WireEvent } from '../../protocol/events.js';
import {
  describeDecision,
  type RecordedRequest,
  type RecordedResolution,
} from '../decision-record.js';
import { readAsked } from '../event-log/asked.js';
import { parseSessionEvent, type SessionEvent } from '../session-event.js';
import type { EventStore } from '../storage.js';

/** How many events one read of the storage returns. */
const PAGE = 500;
/** How often the events are read when the log is trimmed during the read. */
const MAX_READS = 3;

const READ: ReadonlySet<string> = new Set<WireEvent['event']>([
  'permission_request',
  'ask_user_question',
  'elicitation_request',
  'dialog_request',
  'hook_decision_request',
  'request_resolved',
]);

/**
 * Reads the kept decisions of a session from its stored events, oldest first. A decision whose events are
 * not stored any more is missing, which the numbers of the others show.
 *
 * @param after the number after which the decisions begin
 */
export async function readDecisions(
  events: Pick<EventStore, 'read'>,
  sessionId: string,
  after: number,
): Promise<DecisionRecord[]> {
  for (let read = 1; ; read += 1) {
    // oxlint-disable-next-line no-await-in-loop -- again only when the log was trimmed during the read
    const decisions = await readOnce(events, sessionId);
    const isWhole = decisions.every(
      ({ number }, index) => number === (decisions[0]?.number ?? 0) + index,
    );
    if (isWhole || read === MAX_READS) return decisions.filter(({ number }) => number > after);
  }
}

async function readOnce(
  events: Pick<EventStore, 'read'>,
  sessionId: string,
): Promise<DecisionRecord[]> {
  const requests = new Map<string, RecordedRequest>();
  const decisions: DecisionRecord[] = [];
  let lastSeq = 0;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const page = await events.read(sessionId, lastSeq, PAGE);
    for (const event of page) {
      const decision = READ.has(event.name) ? take(sessionId, event, requests) : null;
      if (decision) decisions.push(decision);
    }
    lastSeq = page.at(-1)?.seq ?? lastSeq;
    if (page.length < PAGE) return decisions;
  }
}

/** Returns the decision that an event completes. */
function take(
  sessionId: string,
  event: SessionEvent,
  requests: Map<string, RecordedRequest>,
): DecisionRecord | null {
  const wire = parseSessionEvent(event);
  if (wire.event !== 'request_resolved') {
    const { correlationId, toolName, input } = readAsked(wire as Parameters<typeof readAsked>[0]);
    const { time: openedAt = null } = wire.data as { time?: string };
    requests.set(correlationId, { toolName, input, openedAt });
    return null;
  }
  const { link, ...resolved } = wire.data;
  const request = requests.get(resolved.correlation_id);
  requests.delete(resolved.correlation_id);
  if (!request || !link) return null;
  const { number, prev, hash } = link;
  const described = describeDecision(sessionId, request, resolved as RecordedResolution);
  return { number, ...described, prev, hash };
}
