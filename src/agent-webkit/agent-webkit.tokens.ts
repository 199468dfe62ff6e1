/** Injection token of the `SdkFactory` that starts agents. Override it to use other agents, as in tests. */
export const SDK_FACTORY = Symbol('agent-webkit:sdk-factory');

/** Injection token of the `StorageProvider` of sessions. Override it to use another storage. */
export const STORAGE_PROVIDER = Symbol('agent-webkit:storage-provider');

/**
 * Injection token of the `Bus` between servers that share a storage, or of null for none. Override it to use
 * another one, as in tests.
 */
export const BUS = Symbol('agent-webkit:bus');

/**
 * Injection token of the `AgentSandbox` that agents run in if it works, or of null for none. Override it
 * to use another one, as in tests.
 */
export const AGENT_SANDBOX = Symbol('agent-webkit:agent-sandbox');

/** Injection token of the `EngineObserver` that receives what happens in the engine. Not exported from the package. */
export const ENGINE_OBSERVER = Symbol('agent-webkit:engine-observer');

/** Injection token of the checked options, a `ResolvedOptions`. Not exported from the package. */
export const RESOLVED_OPTIONS = Symbol('agent-webkit:resolved-options');

/** Injection token of the host's own guard, or of null. Not exported from the package. */
export const HOST_GUARD = Symbol('agent-webkit:host-guard');
