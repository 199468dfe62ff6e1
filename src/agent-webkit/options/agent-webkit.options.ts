import type { AgentOptions } from './groups/agent.js';
import type { HookOptions } from './groups/hooks.js';
import type { LimitOptions } from './groups/limits.js';
import type { NetworkOptions } from './groups/network.js';
import type { NotifyOptions } from './groups/notify.js';
import type { Notify } from '../engine/notification.js';
import type { RequestOptions } from './groups/requests.js';
import type { RetentionOptions } from './groups/retention.js';
import type { SandboxOptions } from './groups/sandbox.js';
import type { StreamOptions } from './groups/stream.js';
import type { TelemetryOptions } from './groups/telemetry.js';
import type { TimeoutOptions } from './groups/timeouts.js';
import type { TopLevelOptions } from './groups/top-level.js';
import type { WorkspaceOptions } from './groups/workspace.js';

/** The groups of options. */
export interface OptionGroups {
  /** The agents: how they start, what they may do, and how many run. */
  readonly agent?: AgentOptions;
  /** The folders that agents work in. */
  readonly workspace?: WorkspaceOptions;
  /** The walls around agents, and what they may use. */
  readonly sandbox?: SandboxOptions;
  /** The network that agents reach. */
  readonly network?: NetworkOptions;
  /** How much one caller may create, queue and send. */
  readonly limits?: LimitOptions;
  /** The event streams of sessions. */
  readonly stream?: StreamOptions;
  /** How long the server waits: for activity, replies, agents and the storage. */
  readonly timeouts?: TimeoutOptions;
  /** How much of a session is kept, and for how long. */
  readonly retention?: RetentionOptions;
  /** Notifications about sessions: webhooks, or calls of a function. */
  readonly notify?: NotifyOptions;
  /** Policies for the requests of agents. */
  readonly requests?: RequestOptions;
  /** The measurements of the server. */
  readonly telemetry?: TelemetryOptions;
  /** Functions of the host that make decisions or record them. */
  readonly hooks?: HookOptions;
}

/** The group `notify`, or in its place the function `notify.deliver`. */
export interface NotifyOrFunction {
  /** Notifications about sessions: webhooks, or the function that receives them. */
  readonly notify?: NotifyOptions | Notify;
}

/**
 * The options of the module. Every option but `auth` has a default. A wrong value, or a name that
 * does not exist, fails at boot with an error that names the option.
 */
export interface AgentWebkitModuleOptions
  extends TopLevelOptions, Omit<OptionGroups, 'notify'>, NotifyOrFunction {}
