import type { EngineLogger } from './engine-logger.js';

/** The ids that a line of the log is about. */
export interface AgentLogFields {
  /** The id of the session. */
  readonly session_id: string;
  /** The id of the caller who owns the session. @default none has it yet */
  readonly owner?: string;
  /** The `message_id` of the running turn. @default no turn runs */
  readonly turn_id?: string;
  /** The id of the turn's trace, as in `traceparent`. @default the turn belongs to no trace */
  readonly trace_id?: string;
}

let current: AgentLogFields | undefined;

/**
 * Returns the ids of the session that the line being logged is about; undefined for a line about none. Call it while a
 * logger handles a line: in the `mixin` of pino, for example.
 */
export function agentLogFields(): AgentLogFields | undefined {
  return current;
}

/** Returns a logger with whose lines {@link agentLogFields} returns these fields. */
export function withLogFields(logger: EngineLogger, fields: () => AgentLogFields): EngineLogger {
  const during = (log: () => void) => {
    const before = current;
    current = fields();
    try {
      log();
    } finally {
      current = before;
    }
  };
  return {
    debug: (message) => during(() => logger.debug?.(message)),
    log: (message) => during(() => logger.log(message)),
    warn: (message) => during(() => logger.warn(message)),
    // A logger may print an absent argument.
    error: (message, ...cause) => during(() => logger.error(message, ...cause)),
  };
}
