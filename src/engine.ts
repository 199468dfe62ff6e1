// The engine without Nest. Every exported name is public: adding one is a promise, removing one breaks
// hosts. Each type that these functions and classes take or return is exported, too.

// The engine
export {
  createSessionEngine,
  type SessionEngineOptions,
} from './agent-webkit/hosting/create-session-engine.js';
export type { SessionEngine } from './agent-webkit/engine/registry/session-engine.js';
export type { SessionHandle, WatchOptions } from './agent-webkit/engine/registry/session-handle.js';
export type { SessionWatch } from './agent-webkit/engine/registry/session-watch.js';
export type { EngineLogger } from './agent-webkit/engine/engine-logger.js';

export type { AgentOptions } from './agent-webkit/options/groups/agent.js';
export type { HookOptions } from './agent-webkit/options/groups/hooks.js';
export type { LimitOptions } from './agent-webkit/options/groups/limits.js';
export type { RetentionOptions } from './agent-webkit/options/groups/retention.js';
export type { StreamOptions } from './agent-webkit/options/groups/stream.js';
export type { TimeoutOptions } from './agent-webkit/options/groups/timeouts.js';
export type {
  AgentWebkitRequest,
  AuthOptions,
  TopLevelOptions,
} from './agent-webkit/options/groups/top-level.js';
export type { OptionGroups } from './agent-webkit/options/agent-webkit.options.js';

// For a server of HTTP
export { parseCreateSession, parseInboundMessage } from './agent-webkit/hosting/client-input.js';
export { ERROR_STATUS } from './agent-webkit/hosting/error-status.js';

// Agents, storage, access, protocol and errors
export * from './common.js';
