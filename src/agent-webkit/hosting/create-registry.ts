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
  }: Pick<ResolvedOptions, 'registry' | 'policy' | 'verifyIntervalMs'>,
  ports: RegistryPorts,
): SessionRegistry {
  return new SessionRegistry({
    ...registry,
    ...ports,
    sdkFactory: withModels(ports.sdkFactory, policy),
    policy: new SessionPolicy(policy),
    accessCheckIntervalMs: verifyIntervalMs,
  });
}

/** Passes the permitted models to each agent, which chooses the models of its sub-agents. */
function withModels(sdkFactory: SdkFactory, { model, models }: SessionPolicyOptions): SdkFactory {
  if (models === null) return sdkFactory;
  const permitted = [...models, ...(model === null ? [] : [model])];
  const forget = sdkFactory.forget?.bind(sdkFactory);
  const check = sdkFactory.check?.bind(sdkFactory);
  return Object.assign(
    (start: AgentStart) => sdkFactory({ ...start, models: permitted }),
    forget && { forget: (session: EndedSession) => forget(session) },
    check && { check: () => check() },
  );
}
