import type { WireEvent } from '../protocol/events.js';
import type { StreamEvent as SessionEvent } from '../protocol/sse-frames.js';

/**
 * An event with its position in the log of a session. Its payload is serialized once, for the storage
 * and for all subscribers, and never changes.
 */
export type { SessionEvent };

export function createSessionEvent(seq: number, event: WireEvent): SessionEvent {
  return { seq, name: event.event, data: JSON.stringify(event.data) };
}

/** Parses the wire event of a stored event that {@link createSessionEvent} has created. */
export function parseSessionEvent(event: SessionEvent): WireEvent {
  return { event: event.name, data: JSON.parse(event.data) } as WireEvent;
}
