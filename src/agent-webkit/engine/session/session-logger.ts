import type { EngineLogger } from '../engine-logger.js';
import type { EventLog } from '../event-log/event-log.js';
import { withLogFields } from '../log-fields.js';
import type { SessionRecord } from '../storage.js';

/** Returns the logger of one session, whose lines have the ids of the session and of its running turn. */
export function sessionLogger(
  logger: EngineLogger,
  { id, owner }: Pick<SessionRecord, 'id' | 'owner'>,
  { state }: { readonly state: Pick<EventLog['state'], 'turn'> },
): EngineLogger {
  return withLogFields(logger, () => {
    const { turn } = state;
    const traceId = turn?.message?.trace?.traceparent.split('-')[1];
    return {
      session_id: id,
      owner,
      ...(turn && { turn_id: turn.messageId }),
      ...(traceId !== undefined && { trace_id: traceId }),
    };
  });
}
