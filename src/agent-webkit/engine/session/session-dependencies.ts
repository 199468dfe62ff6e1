import type { PermissionMode, SdkFactory } from '../agent-client.js';
import type { AgentSlots } from '../agent/agent-slots.js';
import type { EngineLogger } from '../engine-logger.js';
import type { WindowLimits } from '../event-log/kept-events.js';
import type { StorageProvider } from '../storage.js';
import type { PermittedCommands } from '../slash-command.js';
import type { OnDecision } from './decision.js';

export interface SessionLimits extends WindowLimits {
  /** How long an event is kept, in milliseconds; null for no limit. */
  maxEventAgeMs: number | null;
  /** How many user messages may be queued. */
  maxQueuedMessages: number;
  /** How long an idle agent is kept before it is stopped, in milliseconds; null for no limit. */
  idleTimeoutMs: number | null;
  /** How long a task may run in the background before it is stopped, in milliseconds; null for no limit. */
  backgroundTaskTimeoutMs: number | null;
  /** How long an interrupted turn may take to end before its agent is killed, in milliseconds. */
  interruptTimeoutMs: number;
  /** How long an agent that is stopped may take to end by itself before it is killed, in milliseconds. */
  agentGraceMs: number;
  /** How long a request may wait for the storage before it is rejected, in milliseconds. */
  storageTimeoutMs: number;
  /** How many subscribers the session may have at a time. */
  maxSubscribers: number;
  /** How long a request stays open without a reply before it is denied, in milliseconds; null for no limit. */
  requestTimeoutMs: number | null;
}

export interface SessionDependencies {
  storage: StorageProvider;
  sdkFactory: SdkFactory;
  limits: SessionLimits;
  /** The slash commands that the agent may run when a client sends them. */
  commands: PermittedCommands;
  /** The permission modes that clients may request, and to which the agent may change. */
  permissionModes: readonly PermissionMode[];
  slots: AgentSlots;
  /** Called with the outcome of each request, once it is committed. */
  onDecision: OnDecision;
  logger: EngineLogger;
  /**
   * Called once when this server has lost ownership of the session: another server took it over, it was
   * deleted, or the storage has lost events of it. `agentGone` resolves when its agent has stopped.
   */
  onOwnershipLost: (sessionId: string, agentGone: Promise<void>) => void;
  /**
   * Called once when the storage can never store the session's next events, so that it must be restored
   * from what is stored. `agentGone` resolves when its agent has stopped.
   *
   * @param epoch the epoch at which this server owns the session
   */
  onReset: (sessionId: string, epoch: number, agentGone: Promise<void>) => void;
  /** Called with the seq of the last event whenever events of the session are committed. */
  onCommitted: (sessionId: string, seq: number) => void;
  /** Called when the session has been dormant and without subscribers for a minute, so that it can leave memory. */
  onUnused: (sessionId: string) => void;
}
