import type { PermissionMode, SdkFactory, SessionConfig } from '../agent-client.js';
import type { AgentSlots } from '../agent/agent-slots.js';
import type { DailyBudget } from '../daily-budget.js';
import type { DurableTools } from '../durable-tools.js';
import type { EngineLogger } from '../engine-logger.js';
import type { EngineObserver } from '../engine-observer.js';
import type { CommittedLog } from '../event-log/committed-events.js';
import type { EventLogOptions } from '../event-log/event-log.js';
import type { Appended } from '../event-log/group-commit.js';
import type { WindowLimits } from '../event-log/kept-events.js';
import type { NewNotification } from '../notification-outbox.js';
import type { SessionRecord, StorageProvider } from '../storage.js';
import type { RequestApprovalsByTool } from '../request-approvals.js';
import type { RequestEscalationByTool } from '../request-escalation.js';
import type { RequestExpiryByTool } from '../request-expiry.js';
import type { SessionFolders } from '../workspace/session-folders.js';
import type { PermittedCommands } from '../slash-command.js';
import type { TurnTracer } from '../turn-tracer.js';
import type { CanAnswer } from './answering.js';
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
  /** How long an agent is kept for durable requests alone, in milliseconds. */
  holdMs: number;
}

/** The walls around an agent, for clients. */
export interface DescribedWalls {
  /** The name of the sandbox; `none` for no walls. */
  readonly sandbox: string;
  /** The hosts that the agent can reach. Absent without a sandbox. */
  readonly network?: readonly string[];
}

export interface SessionDependencies {
  storage: StorageProvider;
  sdkFactory: SdkFactory;
  /** The folders in which agents work. */
  folders: Pick<SessionFolders, 'find' | 'measure' | 'quotaBytes'>;
  /**
   * Returns the walls of an agent that this server starts with a configuration; null for an agent that says
   * nothing about them.
   *
   * @default null for every agent
   */
  describeWalls?: (config: SessionConfig) => DescribedWalls | null;
  limits: SessionLimits;
  /** The slash commands that the agent may run when a client sends them. */
  commands: PermittedCommands;
  /** The permission modes that clients may request, and to which the agent may change. */
  permissionModes: readonly PermissionMode[];
  /**
   * The budget of each owner for a day.
   *
   * @default none
   */
  dailyBudget?: DailyBudget | null;
  /**
   * The expiry of the requests of some tools.
   *
   * @default `limits.requestTimeoutMs` for every tool
   */
  expiry?: RequestExpiryByTool;
  /**
   * The approvals that the requests of some tools need.
   *
   * @default one for every tool
   */
  approvals?: RequestApprovalsByTool;
  /**
   * The escalation of the requests of some tools.
   *
   * @default none
   */
  escalation?: RequestEscalationByTool;
  slots: AgentSlots;
  /** The tools whose calls always need a person, and whose requests stay open without an agent, in sessions without others. */
  durableTools: DurableTools;
  /** Decides who may answer a request; null for every caller who may answer in the session. */
  canAnswer: CanAnswer | null;
  /**
   * Returns the notifications about new events of a session.
   *
   * @default there are none
   */
  notifications?: (
    session: SessionRecord,
    ...appended: Parameters<NonNullable<EventLogOptions['notifications']>>
  ) => readonly NewNotification[];
  /** Called with the outcome of each request, once it is committed. */
  onDecision: OnDecision;
  /**
   * Receives what happens in the session. It must not throw.
   *
   * @default none
   */
  observer?: EngineObserver;
  logger: EngineLogger;
  /**
   * Traces the turns.
   *
   * @default nothing is traced
   */
  tracer?: TurnTracer;
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
  /**
   * Called with the seq of the last event, the new events, the state of the committed events and what tells their ids, and
   * the ids of the session's owner, who is the first, and members, whenever events of the session are committed.
   */
  onCommitted: (
    sessionId: string,
    seq: number,
    appended: readonly Appended[],
    log: CommittedLog,
    readers: readonly string[],
  ) => void;
  /**
   * Called when the number of subscribers of the session has changed.
   *
   * @default nothing is called
   */
  onSubscribers?: (sessionId: string) => void;
  /**
   * Returns true when another server has subscribers of the session, so that it counts as used.
   *
   * @default false for every session
   */
  isFollowed?: (sessionId: string) => boolean;
  /**
   * Returns true while this server ends its work before it stops. No turn starts then, and a session leaves
   * memory as soon as it does not work.
   */
  isDraining: () => boolean;
  /** Called when the session has been dormant and without subscribers for a minute, so that it can leave memory. */
  onUnused: (sessionId: string) => void;
}
