import type { PackedEvents } from '../../engine/event-log/packed-events.js';
import type { SessionEvent } from '../../engine/session-event.js';
import {
  CONVERSATION_EVENTS,
  type LogSummary,
  type RequestMark,
  type SessionRecord,
} from '../../engine/storage.js';

/** A session in memory. */
export interface StoredSession {
  record: Omit<SessionRecord, 'log'>;
  /** The summary of the events in the record. */
  summary: Omit<LogSummary, 'lastSeq'>;
  creationKey: string | null;
  events: PackedEvents;
  /** Earlier events that were retained individually. */
  older: SessionEvent[];
  requests: readonly RequestMark[];
  /** The time at which each key was accepted, as `performance.now()`; oldest first. */
  keys: Map<string, number>;
}

/** Returns up to `limit` events after a seq, in order. */
export function eventsOf(
  { events, older }: StoredSession,
  after: number,
  limit: number,
): SessionEvent[] {
  const earlier = older.filter((event) => event.seq > after).slice(0, limit);
  return [...earlier, ...events.after(after, limit - earlier.length)];
}

export function isConversation({ name }: SessionEvent): boolean {
  return CONVERSATION_EVENTS.some((known) => known === name);
}

/** Returns true when one of the packed events is of a conversation. Reads few at a time: the first ones mostly decide. */
export function hasConversation(events: PackedEvents): boolean {
  const PAGE = 16;
  let after = events.firstSeq - 1;
  while (after < events.lastSeq) {
    const page = events.after(after, PAGE);
    if (page.some(isConversation)) return true;
    const last = page.at(-1);
    if (!last) return false;
    after = last.seq;
  }
  return false;
}

/** Returns a copy of the record that the caller may modify. */
export function recordOf({ record, summary, events }: StoredSession): SessionRecord {
  const log = { ...structuredClone(summary), lastSeq: events.lastSeq };
  return { ...structuredClone(record), log };
}
