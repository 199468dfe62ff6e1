import type { RequestKind, RequestOutcome } from '../protocol/events.js';

/** The types of notifications. */
export const NOTIFICATION_TYPES = [
  'request.opened',
  'request.escalated',
  'request.resolved',
  'turn.ended',
  'session.failed',
] as const satisfies readonly NotificationType[];

/** The type of a notification. */
export type NotificationType = keyof NotificationData;

/** The fields that the data of every notification has. */
export interface NotificationSubject {
  readonly session_id: string;
  /** The id of the caller who owns the session. */
  readonly owner: string;
  /** The id of the event that the notification is about, as the streams of the session have it. */
  readonly event_id: number;
}

/** The data of a notification, by its type. */
export interface NotificationData {
  /** The agent waits for a person. */
  'request.opened': NotificationSubject & {
    readonly correlation_id: string;
    readonly kind: RequestKind;
    /** At most 200 characters. */
    readonly tool_name: string;
  };
  /** A request was not resolved in time, and was escalated. */
  'request.escalated': NotificationSubject & {
    readonly correlation_id: string;
    readonly kind: RequestKind;
    /** At most 200 characters. */
    readonly tool_name: string;
    /** The ids of callers, or other names that the host uses: 1 to 20, each of at most 200 characters. */
    readonly to: readonly string[];
  };
  /** A request was answered, expired or was cancelled. */
  'request.resolved': NotificationSubject & {
    readonly correlation_id: string;
    readonly kind: RequestKind;
    readonly outcome: RequestOutcome;
    /** The id of the caller who answered. Absent if the request expired or was cancelled. */
    readonly by?: string;
  };
  /** A turn ended, also one that failed. */
  'turn.ended': NotificationSubject & {
    readonly subtype: string;
    readonly is_error: boolean;
    readonly duration_ms: number;
    /** The cost of the turn in US dollars. */
    readonly total_cost_usd: number;
    /** The cost of the session so far in US dollars. */
    readonly session_cost_usd: number;
  };
  /** The session has an event `error`. */
  'session.failed': NotificationSubject & { readonly code: string };
}

/** The body of a webhook: a fact about a session. It has ids, names and numbers, and no text of people, agents or tools. */
export type NotificationBody = {
  readonly [Type in NotificationType]: {
    readonly type: Type;
    /** When the event was appended: ISO 8601 in UTC. */
    readonly timestamp: string;
    readonly data: NotificationData[Type];
  };
}[NotificationType];

/** A notification of some types, by default of any, as a host function receives it. A notification that is delivered twice has the same `id`. */
export type SessionNotification<Type extends NotificationType = NotificationType> = Extract<
  NotificationBody,
  { type: Type }
> & { readonly id: string };

/** Receives the notifications of one server, see `SessionEngine.observe`. */
export interface NotificationObserver {
  /** Called with each notification. An error that it throws is logged. */
  next(notification: SessionNotification): void;
  /** Called once, when the server has stopped. */
  complete(): void;
}

/** Delivers a notification. When it rejects or takes longer than 15 s, it is called again later. */
export type Notify = (notification: SessionNotification) => void | Promise<void>;
