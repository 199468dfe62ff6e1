import type { AgentStart, AwaitedCall, PermissionMode } from '../agent-client.js';
import type { SessionAgentOptions } from '../agent/session-agent.js';
import type { EventLog } from '../event-log/event-log.js';
import type { PermittedCommands } from '../slash-command.js';
import type { OpenSpan } from '../turn-tracer.js';
import type { Budget } from './budget.js';
import type { Requests } from './requests.js';
import type { DescribedWalls } from './session-dependencies.js';

export interface TurnGateOptions extends SessionAgentOptions {
  sessionId: string;
  log: EventLog;
  requests: Requests;
  createStart: (resume: boolean, awaited?: AwaitedCall) => Promise<AgentStart>;
  /** Returns the walls of the session's agents; null if they do not tell. */
  describeWalls: () => DescribedWalls | null;
  budget: Pick<Budget, 'close' | 'end' | 'isOutdated'>;
  commands: PermittedCommands;
  /** Returns those of the messages that the stored conversation has. */
  findMessages: (messageIds: readonly string[]) => Promise<readonly string[]>;
  interruptTimeoutMs: number;
  agentGraceMs: number;
  /** Returns true while the server drains, and starts no turn: another server starts it. */
  isDraining: () => boolean;
  /** Begins the span of the start of an agent, with the context for its process; null for none. */
  traceStart: () => OpenSpan | null;
  /** Called when an agent is about to receive the message of a turn. */
  onTurnStarted: () => void;
  /** Called with the permission mode that the agent reports. */
  onPermissionMode: (mode: PermissionMode) => void;
  /** Called when a task of the agent has started or ended, or was moved to the background. */
  onTasksChanged: () => void;
  /** Called when a turn, or other work of the agent, has ended, so that the session may be idle. */
  onWorkEnded: () => void;
}
