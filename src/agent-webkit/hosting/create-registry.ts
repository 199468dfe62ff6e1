import type { AgentStart, EndedSession, SdkFactory } from '../engine/agent-client.js';
import type { EngineLogger } from '../engine/engine-logger.js';
import { SessionPolicy, type SessionPolicyOptions } from '../engine/registry/session-policy.js';
import { SessionRegistry } from '../engine/registry/session-registry.js';
import type { StorageProvider } from '../engine/storage.js';
import type { ResolvedOptions } from '../options/resolved-options.js';

/** The parts of a registry that the options do not contain. */
export interface RegistryPorts {
  readonly sdkFactory: SdkFactory;
  readonly storage: StorageProvider;
  readonly logger: EngineLogger;
}

/** Creates the registry that the options describe. */
export function createRegistry(
  {
    registry,
    policy,
    verifyIntervalMs,
    agentStartTimeoutMs,
  }: Pick<ResolvedOptions, 'registry' | 'policy' | 'verifyIntervalMs' | 'agentStartTimeoutMs'>,
  ports: RegistryPorts,
): SessionRegistry {
  return new SessionRegistry({
    ...registry,
    ...ports,
    sdkFactory: withHostLimits(ports.sdkFactory, agentStartTimeoutMs, policy),
    policy: new SessionPolicy(policy, ports.logger),
    accessCheckIntervalMs: verifyIntervalMs,
  });
}

/** Passes to each agent what it may take to start, and the permitted models, from which it chooses those of its sub-agents. */
function withHostLimits(
  sdkFactory: SdkFactory,
  startTimeoutMs: number,
  { model, models }: SessionPolicyOptions,
): SdkFactory {
  const permitted = models && { models: [...models, ...(model === null ? [] : [model])] };
  const forget = sdkFactory.forget?.bind(sdkFactory);
  const check = sdkFactory.check?.bind(sdkFactory);
  return Object.assign(
    (start: AgentStart) => sdkFactory({ ...start, startTimeoutMs, ...permitted }),
    forget && { forget: (session: EndedSession) => forget(session) },
    check && { check: () => check() },
  );
}
