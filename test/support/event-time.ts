import {
  createSessionEvent,
  parseSessionEvent,
  type SessionEvent,
} from '../../src/agent-webkit/engine/session-event.js';
import type { WireEvent } from '../../src/agent-webkit/protocol/events.js';

/** A time for events that a test creates. */
export const SOME_TIME = '2026-11-26T16:07:14.938Z';

const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * Splits the data of a delivered event into its time and the rest, so that tests can compare the rest
 * exactly.
 *
 * @throws TypeError when the time is not ISO 8601 in UTC
 */
export function splitTime<Data extends object>(
  data: Data,
): { time: string; data: Omit<Data, 'time'> } {
  const { time, ...rest } = data as Data & { time: unknown };
  if (typeof time !== 'string' || !ISO_UTC.test(time)) {
    throw new TypeError(`An event has no valid time: ${JSON.stringify(data)}`);
  }
  return { time, data: rest };
}

/** Returns a stored event as it was appended: without its time. */
export function wireEventOf(event: Pick<SessionEvent, 'name' | 'data'>): WireEvent {
  const parsed = parseSessionEvent(event);
  return { event: parsed.event, data: splitTime(parsed.data).data } as WireEvent;
}

/** Returns the stored form of an event, with {@link SOME_TIME}. */
export function storedEvent(seq: number, wire: WireEvent): SessionEvent {
  return createSessionEvent(seq, wire, SOME_TIME);
}
