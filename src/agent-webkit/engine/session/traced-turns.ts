import type { SessionState } from '../event-log/session-state.js';
import type { RestoredTurn } from '../turn-tracer.js';

/** Returns the queued messages and the running turn of a session, with the contexts that were stored with them. */
export function tracedTurns({ queue, turn }: Pick<SessionState, 'queue' | 'turn'>): {
  queued: readonly RestoredTurn[];
  running: RestoredTurn | null;
} {
  return {
    queued: queue.map(({ messageId, trace }) => ({ messageId, trace })),
    running: turn && { messageId: turn.messageId, trace: turn.message?.trace ?? null },
  };
}
