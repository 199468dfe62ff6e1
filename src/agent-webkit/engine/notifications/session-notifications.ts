import type { WireEvent } from '../../protocol/events.js';
import type { Appended } from '../event-log/group-commit.js';
import type { OpenRequest, SessionState } from '../event-log/session-state.js';
import type { NotificationBody, NotificationType } from '../notification.js';
import type { NewNotification } from '../notification-outbox.js';
import { parseSessionEvent } from '../session-event.js';
import type { SessionRecord } from '../storage.js';

/** The log of a session after some events were appended to it. */
export interface NotifyingLog {
  readonly state: SessionState;
  idOf(seq: number): number;
}

/** Returns the notifications about events that are appended to a session. */
export type DescribeNotifications = (
  session: Pick<SessionRecord, 'id' | 'owner'>,
  appended: readonly Appended[],
  log: NotifyingLog,
) => readonly NewNotification[];

type Subject = Pick<NotificationBody['data'], 'session_id' | 'owner' | 'event_id'>;
type Facts = NotificationBody extends infer Body
  ? Body extends NotificationBody
    ? Omit<Body, 'timestamp'>
    : never
  : never;

/** Names are the agent's, or of an MCP server. */
const MAX_NAME = 200;

/** Returns a function that describes events by the notifications of some types. */
export function notificationsOf(types: readonly NotificationType[]): DescribeNotifications {
  return ({ id, owner }, appended, log) => {
    const requests = new Map(
      [...log.state.requests.values()].map((open) => [open.event.seq, open]),
    );
    return appended.flatMap(({ event, wire }) => {
      const { seq } = event;
      const subject: Subject = { session_id: id, owner, event_id: log.idOf(seq) };
      const facts = factsOf(wire, requests.get(seq), subject);
      if (facts === null || !types.includes(facts.type)) return [];
      const { time: timestamp } = parseSessionEvent(event).data;
      const body = { type: facts.type, timestamp, data: facts.data };
      return { id: `${id}_${subject.event_id}`, seq, body: JSON.stringify(body) };
    });
  };
}

/** Returns false for an event about which there is never a notification. */
export function mayNotify({ event, data }: WireEvent): boolean {
  return event === 'result' || event === 'error' || 'correlation_id' in data;
}

/** @param request the request that the event opens, unless it was resolved at once */
function factsOf(
  wire: WireEvent,
  request: OpenRequest | undefined,
  subject: Subject,
): Facts | null {
  if (request) {
    const { correlationId, kind, toolName } = request;
    const names = { correlation_id: correlationId, kind, tool_name: toolName.slice(0, MAX_NAME) };
    return { type: 'request.opened', data: { ...subject, ...names } };
  }
  switch (wire.event) {
    case 'request_resolved': {
      const { correlation_id, kind, outcome, by } = wire.data;
      const data = { ...subject, correlation_id, kind, outcome, ...(by !== undefined && { by }) };
      return { type: 'request.resolved', data };
    }
    case 'result': {
      const { subtype, is_error, duration_ms, total_cost_usd, session_cost_usd } = wire.data;
      const data = { subtype, is_error, duration_ms, total_cost_usd, session_cost_usd };
      return { type: 'turn.ended', data: { ...subject, ...data } };
    }
    case 'error':
      return { type: 'session.failed', data: { ...subject, code: wire.data.code } };
    default:
      return null;
  }
}
