import { PROTOCOL_VERSION, type SessionStateName } from '../../protocol/events.js';
import type { PendingRequest, SessionInfo, SessionTask } from '../../protocol/answers.js';
import type { SessionRecord } from '../storage.js';

/** Returns the description of a session that clients receive. */
export function describeSession(
  { id, config, createdAt, lastActivityAt, log }: SessionRecord,
  state: SessionStateName,
  { pending, tasks }: { pending: PendingRequest[]; tasks: SessionTask[] },
  subscribers: number,
): SessionInfo {
  return {
    session_id: id,
    protocol_version: PROTOCOL_VERSION,
    state,
    model: config.model,
    permission_mode: config.permissionMode,
    cwd: config.cwd,
    created_at: createdAt.toISOString(),
    last_activity_at: lastActivityAt.toISOString(),
    first_id: log.firstSeq,
    last_id: log.lastSeq,
    subscribers,
    pending,
    tasks,
    total_cost_usd: log.costUsd,
  };
}
