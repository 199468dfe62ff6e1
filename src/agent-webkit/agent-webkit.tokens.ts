/** What starts agents, a `SdkFactory`. Override it to put another agent behind every session. */
export const SDK_FACTORY = Symbol('agent-webkit:sdk-factory');

/** Where sessions are kept, a `StorageProvider`. Override it to keep them elsewhere. */
export const STORAGE_PROVIDER = Symbol('agent-webkit:storage-provider');

/** The checked options, a `ResolvedOptions`. */
export const RESOLVED_OPTIONS = Symbol('agent-webkit:resolved-options');

/** The host's own guard, or null. Not exported from the package. */
export const HOST_GUARD = Symbol('agent-webkit:host-guard');
