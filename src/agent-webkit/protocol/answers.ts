import type { DeliveredEvent, EventPayloads, SessionStateName } from './events.js';

/** A request nobody has answered yet, as its event told it. */
export type PendingRequest =
  | ({ event: 'permission_request' } & EventPayloads['permission_request'])
  | ({ event: 'ask_user_question' } & EventPayloads['ask_user_question']);

/** What a session looks like to its owner. Times are ISO 8601 in UTC. */
export interface SessionInfo {
  session_id: string;
  protocol_version: string;
  state: SessionStateName;
  model: string | null;
  permission_mode: string;
  cwd: string;
  created_at: string;
  last_activity_at: string;
  /** The oldest event after which everything is kept. */
  first_id: number;
  last_id: number;
  /** How many follow the session now. */
  subscribers: number;
  pending: PendingRequest[];
  total_cost_usd: number;
}

/** The answer to POST /sessions. */
export interface CreatedSession {
  session_id: string;
  protocol_version: string;
}

/** The answer to GET /sessions. */
export interface SessionsPage {
  sessions: SessionInfo[];
  /** What `cursor` must be for the next page; null when this was the last. */
  next_cursor: string | null;
}

/** The answer to GET /sessions/:id/events. */
export interface EventsPage {
  events: DeliveredEvent[];
  /** The last event the session has. */
  last_id: number;
  /** Whether there are events after this page's last. */
  has_more: boolean;
}
