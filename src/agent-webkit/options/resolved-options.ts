import type { ModelLimits } from '../engine/agent-client.js';
import type { AgentWebkitModuleOptions, OptionGroups } from './agent-webkit.options.js';
import type { Descriptor, Values } from './descriptor.js';
import { TOP_LEVEL, type TopLevelOptions } from './groups/top-level.js';
import { describeRejected, OptionError } from './option-errors.js';
import { GROUPS } from './option-table.js';
import { checkNames } from './unknown-options.js';
import type { SessionPolicyOptions } from '../engine/registry/session-policy.js';
import type { WorkspaceSettings } from '../engine/workspace/workspace-folders.js';
import type { SessionRegistryOptions } from '../engine/registry/registry-parts.js';

type TopLevelValues = Values<typeof TOP_LEVEL>;
type GroupValues = { readonly [Group in keyof typeof GROUPS]: Values<(typeof GROUPS)[Group]> };

/** The checked options with their defaults, arranged for the parts of the server that use them. */
export interface ResolvedOptions
  extends
    TopLevelValues,
    Pick<GroupValues['stream'], 'keepAliveMs' | 'verifyIntervalMs' | 'maxWaitingBytes'>,
    Pick<GroupValues['agent'], 'sdkFactory'>,
    Pick<GroupValues['timeouts'], 'agentStartTimeoutMs'>,
    Pick<GroupValues['hooks'], 'caller'>,
    Pick<GroupValues, 'sandbox' | 'network' | 'notify' | 'telemetry'> {
  readonly workspace: WorkspaceSettings;
  readonly policy: SessionPolicyOptions;
  readonly modelLimits: ModelLimits;
  /** The options of the registry, without those that are injected. */
  readonly registry: Omit<
    SessionRegistryOptions,
    'storage' | 'bus' | 'sdkFactory' | 'logger' | 'policy' | 'folders'
  >;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws OptionError which names the option, the rule, the received value and what to do
 */
export function resolveOptions(given: AgentWebkitModuleOptions): ResolvedOptions {
  const options = asGroups(given);
  checkNames(options);
  const { auth, storage, bus } = valuesOf(null, TOP_LEVEL, options);
  const {
    sdkFactory,
    maxAgents,
    warmPool,
    modelRequestsPerMinute,
    modelTokensPerMinute,
    maxBudgetUsdPerDay,
    durableTools,
    ...session
  } = groupValues(options, 'agent');
  const { maxSessionsPerOwner, maxCreationsPerMinute, maxQueuedMessages, ...contentLimits } =
    groupValues(options, 'limits');
  const { maxSubscribers, maxStreamsPerCaller, ...stream } = groupValues(options, 'stream');
  const {
    shutdownDelayMs,
    drainTimeoutMs,
    shutdownGraceMs,
    backgroundGraceMs,
    agentStartTimeoutMs,
    ...timeouts
  } = groupValues(options, 'timeouts');
  const { retentionMs, emptySessionTtlMs, usageRetentionMs, ...log } = groupValues(
    options,
    'retention',
  );
  const workspace = groupValues(options, 'workspace');
  const { caller, configureSession, canAccess, canAnswer, onDecision } = groupValues(
    options,
    'hooks',
  );
  return Object.freeze({
    auth,
    storage,
    bus,
    caller,
    sdkFactory,
    agentStartTimeoutMs,
    modelLimits: {
      modelRequestsPerMinute,
      modelTokensPerMinute,
    },
    ...stream,
    // Only the default folder is created: a configured one that is missing may be on a volume that is.
    workspace: { ...workspace, createRoot: options.workspace?.root === undefined },
    sandbox: groupValues(options, 'sandbox'),
    network: groupValues(options, 'network'),
    notify: groupValues(options, 'notify'),
    telemetry: groupValues(options, 'telemetry'),
    policy: { ...session, contentLimits, configureSession },
    registry: {
      commands: session.commands,
      permissionModes: session.permissionModes,
      limits: { ...log, ...timeouts, maxQueuedMessages, maxSubscribers },
      maxAgents,
      warmPool,
      maxStreamsPerCaller,
      maxSessionsPerOwner,
      maxCreationsPerMinute,
      retentionMs,
      emptySessionTtlMs,
      usageRetentionMs,
      maxBudgetUsdPerDay,
      shutdownDelayMs,
      drainTimeoutMs,
      shutdownGraceMs,
      backgroundGraceMs,
      canAccess,
      canAnswer,
      ...groupValues(options, 'requests'),
      durableTools,
      onDecision,
    },
  });
}

/** Returns the options with the function `notify` as an option of its group. */
function asGroups(options: AgentWebkitModuleOptions): TopLevelOptions & OptionGroups {
  const notify = options?.notify;
  if (typeof notify !== 'function') return options as TopLevelOptions & OptionGroups;
  return { ...options, notify: { deliver: notify } };
}

function groupValues<Group extends keyof typeof GROUPS>(
  options: OptionGroups,
  group: Group,
): GroupValues[Group] {
  return valuesOf(group, GROUPS[group], options[group] ?? {}) as GroupValues[Group];
}

function valuesOf<Table extends object>(
  group: string | null,
  table: Table,
  given: object,
): Values<Table> {
  const values = Object.entries(table).map(([name, descriptor]: [string, Descriptor<unknown>]) => [
    name,
    valueOf(group === null ? name : `${group}.${name}`, descriptor, Reflect.get(given, name)),
  ]);
  return Object.fromEntries(values) as Values<Table>;
}

function valueOf(path: string, descriptor: Descriptor<unknown>, given: unknown): unknown {
  if (given === undefined) {
    return 'default' in descriptor ? descriptor.default : descriptor.computeDefault();
  }
  if (descriptor.rule.accepts(given)) return given;
  throw new OptionError(describeRejected(path, given, descriptor));
}
