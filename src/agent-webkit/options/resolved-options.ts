import type { AgentWebkitModuleOptions } from './agent-webkit.options.js';
import type { Descriptor, Values } from './descriptor.js';
import { TOP_LEVEL } from './groups/top-level.js';
import { describeRejected, OptionError } from './option-errors.js';
import { GROUPS } from './option-table.js';
import { checkNames } from './unknown-options.js';
import type { SessionPolicyOptions } from '../engine/registry/session-policy.js';
import type { SessionRegistryOptions } from '../engine/registry/session-registry.js';

type TopLevelValues = Values<typeof TOP_LEVEL>;
type GroupValues = { readonly [Group in keyof typeof GROUPS]: Values<(typeof GROUPS)[Group]> };

/** The checked options with their defaults, arranged for the parts of the server that use them. */
export interface ResolvedOptions
  extends
    TopLevelValues,
    Pick<GroupValues['stream'], 'keepAliveMs' | 'verifyIntervalMs' | 'maxWaitingBytes'>,
    Pick<GroupValues['agent'], 'sdkFactory'>,
    Pick<GroupValues['timeouts'], 'agentStartTimeoutMs'>,
    Pick<GroupValues['hooks'], 'caller'> {
  readonly policy: SessionPolicyOptions;
  /** The options of the registry, without those that are injected. */
  readonly registry: Omit<SessionRegistryOptions, 'storage' | 'sdkFactory' | 'logger' | 'policy'>;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws OptionError which names the option, the rule, the received value and what to do
 */
export function resolveOptions(options: AgentWebkitModuleOptions): ResolvedOptions {
  checkNames(options);
  const { auth, storage } = valuesOf(null, TOP_LEVEL, options);
  const { sdkFactory, maxAgents, warmPool, ...session } = groupValues(options, 'agent');
  const { maxSessionsPerOwner, maxCreationsPerMinute, maxQueuedMessages, ...contentLimits } =
    groupValues(options, 'limits');
  const { maxSubscribers, ...stream } = groupValues(options, 'stream');
  const { shutdownGraceMs, backgroundGraceMs, agentStartTimeoutMs, ...timeouts } = groupValues(
    options,
    'timeouts',
  );
  const { retentionMs, emptySessionTtlMs, ...log } = groupValues(options, 'retention');
  const { caller, configureSession, canAccess, onDecision } = groupValues(options, 'hooks');
  return Object.freeze({
    auth,
    storage,
    caller,
    sdkFactory,
    agentStartTimeoutMs,
    ...stream,
    policy: { ...session, contentLimits, configureSession },
    registry: {
      commands: session.commands,
      permissionModes: session.permissionModes,
      limits: { ...log, ...timeouts, maxQueuedMessages, maxSubscribers },
      maxAgents,
      warmPool,
      maxSessionsPerOwner,
      maxCreationsPerMinute,
      retentionMs,
      emptySessionTtlMs,
      shutdownGraceMs,
      backgroundGraceMs,
      canAccess,
      onDecision,
    },
  });
}

function groupValues<Group extends keyof typeof GROUPS>(
  options: AgentWebkitModuleOptions,
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
