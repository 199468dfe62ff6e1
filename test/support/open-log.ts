import {
  EventLog,
  type EventLogOptions,
} from '../../src/agent-webkit/engine/event-log/event-log.js';
import { FIRST_GENERATION } from '../../src/agent-webkit/engine/storage.js';
import { SOME_TIME } from './event-time.js';
import { memoryEvents } from './memory-events.js';

/** Options of a log with the window of a test. Its events have the time {@link SOME_TIME}. */
export function logOptions(options: Partial<EventLogOptions> = {}): EventLogOptions {
  return {
    sessionId: 's',
    epoch: 1,
    generations: FIRST_GENERATION,
    store: memoryEvents(),
    maxEvents: 1000,
    maxLogChars: 1_000_000,
    maxDecisions: 100,
    maxDecisionChars: 1_000_000,
    maxHeldBytes: 1_000_000,
    maxEventAgeMs: null,
    lastActivityAt: Date.now(),
    now: () => Date.parse(SOME_TIME),
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
