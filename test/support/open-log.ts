import {
  EventLog,
  type EventLogOptions,
} from '../../src/agent-webkit/engine/event-log/event-log.js';
import { memoryEvents } from './memory-events.js';

/** Options of a log with the window of a test. */
export function logOptions(options: Partial<EventLogOptions> = {}): EventLogOptions {
  return {
    sessionId: 's',
    epoch: 1,
    store: memoryEvents(),
    maxEvents: 1000,
    maxLogChars: 1_000_000,
    maxHeldBytes: 1_000_000,
    maxEventAgeMs: null,
    lastActivityAt: Date.now(),
    onTrouble: () => undefined,
    onFailure: () => undefined,
    onMissing: () => undefined,
    onSubscriberError: (cause) => {
      throw cause;
    },
    ...options,
  };
}

/** Creates a new log. */
export const openLog = (options?: Partial<EventLogOptions>) => new EventLog(logOptions(options));
