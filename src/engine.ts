// The engine without Nest. Every exported name is public: adding one is a promise, removing one breaks
// hosts. Each type that these functions and classes take or return is exported, too.

// The engine
export {
  createSessionEngine,
  type SessionEngineOptions,
} from './agent-webkit/hosting/create-session-engine.js';
export type { SessionEngine, StopOptions } from './agent-webkit/engine/registry/session-engine.js';
export type { SessionHandle, WatchOptions } from './agent-webkit/engine/registry/session-handle.js';
export type { SessionWatch } from './agent-webkit/engine/registry/session-watch.js';
export type {
  AdminFilter,
  AdminPage,
  SessionAdmin,
} from './agent-webkit/engine/registry/admin/session-admin.js';
export type { ServerAdmin } from './agent-webkit/engine/registry/admin/server-admin.js';
export type { EngineLogger } from './agent-webkit/engine/engine-logger.js';

// For an HTTP server
export { parseCreateSession, parseInboundMessage } from './agent-webkit/hosting/client-input.js';
export { ERROR_STATUS } from './agent-webkit/hosting/error-status.js';

// Agents, storage, access, protocol and errors
export * from './common.js';
