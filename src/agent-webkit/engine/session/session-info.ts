import { PROTOCOL_VERSION, type SessionStateName } from '../../protocol/events.js';
import type { PendingRequest, SessionInfo, SessionTask } from '../../protocol/answers.js';
import { Generations } from '../event-log/generations.js';
import type { SessionRecord } from '../storage.js';

/** A summary of a session's events for clients. */
export interface LogInfo {
  readonly firstId: number;
  readonly lastId: number;
  readonly costUsd: number;
}

/** Returns the summary of a session's events from its record. */
export function describeLog({ log }: SessionRecord): LogInfo {
  const { firstSeq, lastSeq, costUsd, generations } = log;
  const ids = new Generations(generations);
  return { firstId: ids.idOf(firstSeq), lastId: ids.idOf(lastSeq), costUsd };
}

/** Returns the description of a session that clients receive. */
export function describeSession(
  { id, config, createdAt, lastActivityAt }: SessionRecord,
  { firstId, lastId, costUsd }: LogInfo,
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
    first_id: firstId,
    last_id: lastId,
    subscribers,
    pending,
    tasks,
    total_cost_usd: costUsd,
  };
}
