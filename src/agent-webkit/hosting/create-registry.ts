import type { AgentStart, AgentWalls, SdkFactory } from '../engine/agent-client.js';
import { startingWith } from '../engine/starting-with.js';
import type { Bus } from '../engine/bus.js';
import type { EngineLogger } from '../engine/engine-logger.js';
import type { EngineObserver } from '../engine/engine-observer.js';
import { withLogFields } from '../engine/log-fields.js';
import type { HostTools } from '../engine/host-tool.js';
import { SessionPolicy } from '../engine/registry/session-policy.js';
import { SessionRegistry } from '../engine/registry/session-registry.js';
import type { StorageProvider } from '../engine/storage.js';
import { harmlessTracer } from '../engine/harmless-tracer.js';
import type { TurnTracer } from '../engine/turn-tracer.js';
import { ServerFolderError } from '../engine/workspace/server-folder-error.js';
import { WorkspaceFolders } from '../engine/workspace/workspace-folders.js';
import { OptionError } from '../options/option-errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { ChosenSandbox } from './chosen-sandbox.js';
import { notifierFor } from './notifier.js';

/** The parts of a registry that the options do not contain. */
export interface RegistryPorts {
  readonly sdkFactory: SdkFactory;
  readonly storage: StorageProvider;
  readonly bus: Bus | null;
  readonly sandbox: ChosenSandbox;
  readonly logger: EngineLogger;
  /** Receives what happens in the engine. It must not throw. @default none */
  readonly observer?: EngineObserver;
  /** Traces turns. @default nothing is traced */
  readonly tracer?: TurnTracer;
  /** Returns the tools of the host for one agent. @default none */
  readonly hostTools?: (start: AgentStart) => HostTools | null;
}

type HostOptions = Pick<
  ResolvedOptions,
  'policy' | 'agentStartTimeoutMs' | 'modelLimits' | 'sandbox' | 'network'
>;

/** Creates the registry that the options describe. */
export function createRegistry(
  options: HostOptions &
    Pick<ResolvedOptions, 'registry' | 'verifyIntervalMs' | 'workspace' | 'notify'>,
  ports: RegistryPorts,
): SessionRegistry {
  const { registry, policy, verifyIntervalMs, network, workspace, notify } = options;
  const { sandbox, storage, bus, observer, logger, tracer } = ports;
  checkBudget(registry, storage);
  const folders = new WorkspaceFolders({
    ...workspace,
    isDurable: storage.durable,
    hasRecord: async (id) => (await storage.records.get(id)) !== null,
    logger,
  });
  return new SessionRegistry({
    ...registry,
    storage,
    bus,
    notifier: notifierFor(notify, storage),
    ...(observer && { observer }),
    logger,
    ...(tracer && { tracer: harmlessTracer(tracer, logger) }),
    sdkFactory: withHostLimits(options, ports),
    folders,
    policy: new SessionPolicy(policy, folders),
    accessCheckIntervalMs: verifyIntervalMs,
    assertAgents: () => sandbox.assertAgents(),
    describeWalls: (config) => {
      const { name } = sandbox;
      if (name === null || name === 'none') return name === null ? null : { sandbox: name };
      return { sandbox: name, network: config.network?.allow ?? network.allow };
    },
  });
}

/** @throws OptionError when the storage cannot count what the budget limits */
function checkBudget(
  { maxBudgetUsdPerDay }: Pick<ResolvedOptions['registry'], 'maxBudgetUsdPerDay'>,
  { usage }: StorageProvider,
): void {
  if (maxBudgetUsdPerDay == null || usage) return;
  throw new OptionError(
    "option 'storage' must be a storage with `usage` while `agent.maxBudgetUsdPerDay` is set. Use one of this package, " +
      'or implement `usage` in yours.',
  );
}

/**
 * Passes to each agent its walls, what it may take to start, and the permitted models, from which it
 * chooses those of its sub-agents.
 */
function withHostLimits(
  { policy: { model, models }, agentStartTimeoutMs, ...options }: HostOptions,
  { sdkFactory, sandbox, logger, hostTools }: RegistryPorts,
): SdkFactory {
  const permitted = models && { models: [...models, ...(model === null ? [] : [model])] };
  const check = sdkFactory.check?.bind(sdkFactory);
  const limited = startingWith(sdkFactory, (start) => {
    sandbox.assertAgents();
    const walls = wallsOf(start, options, { sandbox, logger });
    const tools = hostTools?.(start);
    if (sandbox.name !== null) logger.debug?.(describeStart(start, walls));
    return sdkFactory({
      ...start,
      startTimeoutMs: agentStartTimeoutMs,
      ...permitted,
      ...(tools && { hostTools: tools }),
      ...(walls && { walls }),
      ...(sandbox.isRequired && { wallsRequired: true }),
    });
  });
  return Object.assign(limited, check && { check: () => check(sandbox.current !== null) });
}

function wallsOf(
  { sessionId, owner, files, folders, network }: AgentStart,
  options: Pick<ResolvedOptions, 'modelLimits' | 'sandbox' | 'network'>,
  { sandbox: { current }, logger }: Pick<RegistryPorts, 'sandbox' | 'logger'>,
): AgentWalls | null {
  if (current === null) return null;
  if (folders?.containsServer) throw new ServerFolderError();
  const { use: _, readOnly, ...limits } = options.sandbox;
  return {
    sandbox: current,
    limits,
    readOnly: [...readOnly, ...(files?.readOnly ?? [])],
    allow: network?.allow ?? options.network.allow,
    model: options.modelLimits,
    logger: withLogFields(logger, () => ({
      session_id: sessionId,
      ...(owner !== null && { owner }),
    })),
  };
}

function describeStart({ sessionId }: AgentStart, walls: AgentWalls | null): string {
  if (walls === null) return `Session ${sessionId}: starting an agent without a sandbox.`;
  const { sandbox, allow } = walls;
  const hosts = allow.length === 0 ? 'no network' : `the network ${allow.join(', ')}`;
  return `Session ${sessionId}: starting an agent in the sandbox ${sandbox.name}, with ${hosts}.`;
}
