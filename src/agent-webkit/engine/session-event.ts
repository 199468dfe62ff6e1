import type { WireEvent } from '../protocol/events.js';
import type { StreamEvent as SessionEvent } from '../protocol/sse-frames.js';

/**
 * An event with its place in a session's log. Its payload is serialised once, for the storage and
 * for all subscribers, and never changes.
 */
export type { SessionEvent };

export function createSessionEvent(seq: number, event: WireEvent): SessionEvent {
  return { seq, name: event.event, data: JSON.stringify(event.data) };
}

/** The wire event that was stored. What stands in a log was written by {@link createSessionEvent}. */
export function parseSessionEvent(event: SessionEvent): WireEvent {
  return { event: event.name, data: JSON.parse(event.data) } as WireEvent;
}
