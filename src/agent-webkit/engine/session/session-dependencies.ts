import type { SdkFactory } from '../agent-client.js';
import type { AgentSlots } from '../agent/agent-slots.js';
import type { OnDecision } from './decision.js';
import type { EngineLogger } from '../engine-logger.js';
import type { EventLogOptions } from '../event-log/event-log.js';
import type { WindowLimits } from '../event-log/kept-events.js';
import type { SessionRecord, StorageProvider } from '../storage.js';

/** How many bytes of a session's newest events are in memory, so that what follows it live reads no storage. */
const MAX_HELD_BYTES = 1024 * 1024;

export interface SessionLimits extends WindowLimits {
  /** For how long an event is kept, in milliseconds; null for as long as there is room. */
  maxEventAgeMs: number | null;
  /** How many user messages may wait. */
  maxQueuedMessages: number;
  /** After how long without anything to do the agent is put to sleep, in milliseconds; null for never. */
  idleTimeoutMs: number | null;
  /** How long an interrupted turn may take to end before its agent is ended, in milliseconds. */
  interruptTimeoutMs: number;
  /** How long an agent may take to end by itself before it is made to, in milliseconds. */
  agentGraceMs: number;
  /** How long a client's message may wait for the storage before it is answered 503, in milliseconds. */
  storageTimeoutMs: number;
  /** How many may follow the session at a time. */
  maxSubscribers: number;
  /** After how long a request that nobody answers is denied, in milliseconds; null for never. */
  requestTimeoutMs: number | null;
}

export interface SessionDependencies {
  storage: StorageProvider;
  sdkFactory: SdkFactory;
  limits: SessionLimits;
  slots: AgentSlots;
  /** Told of every decision of a person's, or of its absence, once it is committed. */
  onDecision: OnDecision;
  logger: EngineLogger;
  /**
   * Called once when this server has lost ownership of the session: another server took it over, or
   * it was deleted. `agentGone` resolves when its agent has stopped.
   */
  onOwnershipLost: (sessionId: string, agentGone: Promise<void>) => void;
  /** Called when the session has been dormant and without subscribers for a minute, so that it can leave memory. */
  onUnused: (sessionId: string) => void;
}

/** How a session's log is opened. */
export function logOptions(
  record: SessionRecord,
  { storage, limits, logger }: Pick<SessionDependencies, 'storage' | 'limits' | 'logger'>,
  { onFailure, onMissing }: Pick<EventLogOptions, 'onFailure' | 'onMissing'>,
): EventLogOptions {
  return {
    sessionId: record.id,
    epoch: record.epoch,
    store: storage.events,
    maxEvents: limits.maxEvents,
    maxLogChars: limits.maxLogChars,
    maxEventAgeMs: limits.maxEventAgeMs,
    maxHeldBytes: MAX_HELD_BYTES,
    lastActivityAt: record.lastActivityAt.getTime(),
    onTrouble: (cause) =>
      logger.error(`Session ${record.id}: the storage does not answer; trying again.`, cause),
    onFailure,
    onMissing,
  };
}
