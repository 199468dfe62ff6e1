import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';
import type { SessionSnapshot } from '../client/session-store.js';
import type { SessionStateName } from '../../../src/agent-webkit/protocol/events.js';
import type { Conversation } from '../session/conversation.js';

/** Updates the list with the state of the open session, which is newer than the listing. */
export function withLiveFacts(
  sessions: readonly SessionInfo[],
  id: string | null,
  snapshot: SessionSnapshot | null,
): readonly SessionInfo[] {
  if (snapshot === null || snapshot.conversation.lastId === 0) return sessions;
  const { conversation } = snapshot;
  return sessions.map((session) =>
    session.session_id === id && conversation.lastId >= session.last_id
      ? { ...session, state: stateOf(conversation), total_cost_usd: conversation.costUsd }
      : session,
  );
}

function stateOf(conversation: Conversation): SessionStateName {
  if (conversation.isClosed) return 'closed';
  if (conversation.requests.length > 0) return 'awaiting';
  if (conversation.isRunning || conversation.queue.length > 0) return 'running';
  return conversation.isDormant ? 'dormant' : 'idle';
}
