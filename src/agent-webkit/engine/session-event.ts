import type { Timed, WireEvent } from '../protocol/events.js';

/**
 * An event with its position in the log of a session. Its payload is serialized once, for the storage
 * and for all subscribers, and never changes.
 */
export interface SessionEvent {
  /** The position in the log: an integer from 1 that rises by one. Clients receive an id instead. */
  readonly seq: number;
  readonly name: string;
  /** The payload as one line of JSON. */
  readonly data: string;
}

/** @param time when the event is appended, in ISO 8601. It becomes a field of the payload. */
export function createSessionEvent(seq: number, event: WireEvent, time: string): SessionEvent {
  return { seq, name: event.event, data: JSON.stringify({ ...event.data, time }) };
}

/** The times that were read. The metrics ask for that of each open request again and again. */
const TIMES = new WeakMap<SessionEvent, number>();

/** Returns the time of an event in milliseconds since 1970. */
export function timeOf(event: SessionEvent): number {
  let time = TIMES.get(event);
  if (time === undefined) {
    time = Date.parse((JSON.parse(event.data) as { time: string }).time);
    TIMES.set(event, time);
  }
  return time;
}

/** Parses the wire event of a stored event that {@link createSessionEvent} has created. */
export function parseSessionEvent(event: Pick<SessionEvent, 'name' | 'data'>): Timed<WireEvent> {
  return { event: event.name, data: JSON.parse(event.data) } as Timed<WireEvent>;
}
