import { PROTOCOL_VERSION } from '../../protocol/events.js';
import type { SessionInfo } from '../../protocol/answers.js';
import type { Caller } from '../caller.js';
import { describeDetails, NO_DETAILS } from '../session-details.js';
import { membersOf, roleIn } from '../session-members.js';
import { Generations } from '../event-log/generations.js';
import type { SessionRecord, SessionStatus } from '../storage.js';
import type { SessionDependencies } from './session-dependencies.js';

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

/** Returns the status of a session that is only in the storage. Without a server that runs it, its agent is gone. */
export function storedStatusOf({ log: { status }, server }: SessionRecord): SessionStatus {
  const { state = 'dormant', pending = [], tasks = [] } = status ?? {};
  const isOwned = (server ?? null) !== null;
  const isAbandoned = state === 'idle' && !isOwned;
  const hasAgent = isOwned && (status?.hasAgent ?? !['dormant', 'closed'].includes(state));
  return { state: isAbandoned ? 'dormant' : state, hasAgent, pending, tasks };
}

/** The description of a session, before it is known who receives it. */
export type DescribedSession = Omit<SessionInfo, 'role'>;

/** Returns the description that a caller receives. */
export function describeFor(
  { id }: Caller,
  { session_id, ...session }: DescribedSession,
): SessionInfo {
  return { session_id, role: roleIn(session, id), ...session };
}

/** Returns the description of a session that clients receive. */
export function describeSession(
  { id, owner, config, createdAt, lastActivityAt, details = NO_DETAILS }: SessionRecord,
  { firstId, lastId, costUsd }: LogInfo,
  { state, hasAgent = true, pending, tasks }: SessionStatus,
  subscribers: number,
  describeWalls: SessionDependencies['describeWalls'],
): DescribedSession {
  return {
    session_id: id,
    owner,
    members: membersOf(details),
    protocol_version: PROTOCOL_VERSION,
    state,
    agent: hasAgent ? 'running' : 'none',
    model: config.model,
    permission_mode: config.permissionMode,
    effort: config.effort ?? null,
    max_thinking_tokens: config.maxThinkingTokens ?? null,
    cwd: config.cwd,
    ...describeWalls?.(config),
    ...describeDetails(details),
    created_at: createdAt.toISOString(),
    last_activity_at: lastActivityAt.toISOString(),
    first_id: firstId,
    last_id: lastId,
    subscribers,
    pending: [...pending],
    tasks: [...tasks],
    total_cost_usd: costUsd,
  };
}
