import type { WireEvent } from '../../protocol/events.js';
import type { Appended } from '../event-log/group-commit.js';
import type { OpenRequest, SessionState } from '../event-log/session-state.js';
import type { NotificationBody, NotificationType, SessionNotification } from '../notification.js';
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

/** Returns a function that describes events by the notifications of some types, as they are stored. */
export function notificationsOf(types: readonly NotificationType[]): DescribeNotifications {
  return (session, appended, log) =>
    notificationsAbout(session, appended, log, types).map(({ seq, notification }) => {
      const { id, ...body } = notification;
      return { id, seq, body: JSON.stringify(body) };
    });
}

/** Returns the notifications of some types about events, each with the seq of its event. */
export function notificationsAbout(
  { id, owner }: Pick<SessionRecord, 'id' | 'owner'>,
  appended: readonly Appended[],
  log: NotifyingLog,
  types: readonly NotificationType[],
): { seq: number; notification: SessionNotification }[] {
  return appended.flatMap(({ event, wire }) => {
    const { seq } = event;
    const subject: Subject = { session_id: id, owner, event_id: log.idOf(seq) };
    const facts = factsOf(wire, seq, log.state, subject);
    if (facts === null || !types.includes(facts.type)) return [];
    const { time: timestamp } = parseSessionEvent(event).data;
    const body = { type: facts.type, timestamp, data: facts.data } as NotificationBody;
    return [{ seq, notification: { id: `${id}_${subject.event_id}`, ...body } }];
  });
}

/** Returns false for an event about which there is never a notification. */
export function mayNotify({ event, data }: WireEvent): boolean {
  return event === 'result' || event === 'error' || 'correlation_id' in data;
}

/** @param state the state after the event, in which a request that was resolved at once is not open */
function factsOf(
  wire: WireEvent,
  seq: number,
  { requests }: SessionState,
  subject: Subject,
): Facts | null {
  switch (wire.event) {
    case 'permission_request':
    case 'ask_user_question':
    case 'elicitation_request':
    case 'dialog_request':
    case 'hook_decision_request': {
      const request = requests.get(wire.data.correlation_id);
      if (request?.event.seq !== seq) return null;
      return { type: 'request.opened', data: { ...subject, ...namesOf(request) } };
    }
    case 'request_escalated': {
      const request = requests.get(wire.data.correlation_id);
      if (!request) return null;
      const data = { ...subject, ...namesOf(request), to: wire.data.to };
      return { type: 'request.escalated', data };
    }
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

function namesOf({ correlationId, kind, toolName }: OpenRequest) {
  return { correlation_id: correlationId, kind, tool_name: toolName.slice(0, MAX_NAME) };
}
