import type { SessionEvent } from '../session-event.js';

/** Asks the server that runs sessions to send their events, or not to send them any more. */
export interface FollowMessage {
  readonly t: 'follow' | 'unfollow';
  /** The address of the server that follows. */
  readonly from: string;
  /** The ids of the sessions. */
  readonly sessions: readonly string[];
}

/** Events of a session that were committed. */
export interface EventsMessage {
  readonly t: 'events';
  readonly session: string;
  /** The seq of the first event. */
  readonly seq: number;
  /** The id of the first event, which tells the generation. */
  readonly id: number;
  /** The name and the data of each event, in order. */
  readonly events: readonly (readonly [name: string, data: string])[];
}

/** Tells how far a session has come, when its events are too large for a message. */
export interface PositionMessage {
  readonly t: 'position';
  readonly session: string;
  readonly seq: number;
}

/** The types of the messages about sessions that are followed. */
export const TAIL_MESSAGES = ['follow', 'unfollow', 'events', 'position'] as const;

/** How many sessions one message may name. */
export const MAX_SESSIONS = 100;
const ADDRESS = /^[\w-]{1,40}$/;
const MAX_ID_LENGTH = 100;
const NAME = /^\w{1,100}$/;
/** An object of JSON, in one line. */
const LINE = /^\{[^\n\r]*\}$/;

/** Returns null when the fields are not those of the message. */
export function readFollow(message: object): Omit<FollowMessage, 't'> | null {
  const { from, sessions } = message as Partial<Record<string, unknown>>;
  if (typeof from !== 'string' || !ADDRESS.test(from)) return null;
  if (!Array.isArray(sessions) || sessions.length > MAX_SESSIONS) return null;
  return sessions.every(isId) ? { from, sessions } : null;
}

/** Returns null when the fields are not those of the message. */
export function readEvents(
  message: object,
): { session: string; id: number; events: SessionEvent[] } | null {
  const { session, seq, id, events } = message as Partial<Record<string, unknown>>;
  if (!isId(session) || !isPosition(seq) || !isPosition(id) || !Array.isArray(events)) return null;
  if (!events.every(isNameAndData)) return null;
  const read = events.map(([name, data], index) => ({ seq: seq + index, name, data }));
  return { session, id, events: read };
}

/** Returns null when the fields are not those of the message. */
export function readPosition(message: object): Omit<PositionMessage, 't'> | null {
  const { session, seq } = message as Partial<Record<string, unknown>>;
  return isId(session) && isPosition(seq) ? { session, seq } : null;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_LENGTH;
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

/** A line break would end the line of the event in a stream. */
function isNameAndData(value: unknown): value is [string, string] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [name, data] = value as unknown[];
  return typeof name === 'string' && NAME.test(name) && typeof data === 'string' && LINE.test(data);
}
