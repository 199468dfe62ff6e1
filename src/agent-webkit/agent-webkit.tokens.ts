/** Injection token of the `SdkFactory` that starts agents. Override it to use other agents, as in tests. */
export const SDK_FACTORY = Symbol('agent-webkit:sdk-factory');

/** Injection token of the `StorageProvider` of sessions. Override it to use another storage. */
export const STORAGE_PROVIDER = Symbol('agent-webkit:storage-provider');

/** Injection token of the checked options, a `ResolvedOptions`. Not exported from the package. */
export const RESOLVED_OPTIONS = Symbol('agent-webkit:resolved-options');

/** Injection token of the host's own guard, or of null. Not exported from the package. */
export const HOST_GUARD = Symbol('agent-webkit:host-guard');
