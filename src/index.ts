// What stands here is public: adding a name is a promise, removing one breaks hosts.

// The module
export { AgentWebkitModule } from './agent-webkit/agent-webkit.module.js';
export type { AgentWebkitModuleExtras } from './agent-webkit/agent-webkit.module-definition.js';
export type {
  AgentWebkitModuleOptions,
  OptionGroups,
} from './agent-webkit/options/agent-webkit.options.js';
export type { AgentOptions } from './agent-webkit/options/groups/agent.js';
export type { HookOptions } from './agent-webkit/options/groups/hooks.js';
export type { LimitOptions } from './agent-webkit/options/groups/limits.js';
export type { RetentionOptions } from './agent-webkit/options/groups/retention.js';
export type { StreamOptions } from './agent-webkit/options/groups/stream.js';
export type { TimeoutOptions } from './agent-webkit/options/groups/timeouts.js';
export type {
  AuthOptions,
  AgentWebkitRequest,
  TopLevelOptions,
} from './agent-webkit/options/groups/top-level.js';
export { SDK_FACTORY, STORAGE_PROVIDER } from './agent-webkit/agent-webkit.tokens.js';
export { AgentWebkitAuthGuard } from './agent-webkit/auth.guard.js';
export { AgentWebkitErrorInterceptor } from './agent-webkit/http/agent-webkit-error.interceptor.js';
export { CurrentCaller } from './agent-webkit/http/current-caller.decorator.js';
export type { SessionHandle } from './agent-webkit/session-handle.js';
export { SessionRegistryService } from './agent-webkit/session-registry.service.js';
export { SessionsController } from './agent-webkit/sessions.controller.js';

// Agents
export { claudeSdkFactory } from './agent-webkit/agents/claude/claude-agent-client.js';
export type {
  ClaudeConfiguration,
  ClaudeOverrides,
} from './agent-webkit/agents/claude/claude-options.js';
export type {
  AgentClient,
  AgentInput,
  AgentStart,
  CanUseTool,
  HostContext,
  PermissionContext,
  SdkFactory,
  SessionConfig,
} from './agent-webkit/engine/agent-client.js';

// Storage
export { MemoryStorage } from './agent-webkit/storage/memory/memory-storage.js';
export { PostgresStorage } from './agent-webkit/storage/postgres/postgres-storage.js';
export {
  SqliteStorage,
  type SqliteStorageOptions,
} from './agent-webkit/storage/sqlite/sqlite-storage.js';
export { EMPTY_LOG, FencedError } from './agent-webkit/engine/storage.js';
export type {
  EventAppend,
  EventStore,
  LogSummary,
  RecordCursor,
  SessionRecord,
  SessionRecordPatch,
  SessionRecordStore,
  StorageProvider,
} from './agent-webkit/engine/storage.js';
export type { SessionEvent } from './agent-webkit/engine/session-event.js';

// Who may do what
export type {
  AccessAction,
  AccessedSession,
  CanAccess,
} from './agent-webkit/engine/registry/access.js';
export type { RequestDecision, OnDecision } from './agent-webkit/engine/session/decision.js';
export type { ConfigureSession } from './agent-webkit/engine/registry/session-policy.js';

// Callers, and pages of sessions
export type { Caller } from './agent-webkit/engine/caller.js';
export type { SessionPage } from './agent-webkit/engine/registry/session-registry.js';

// What crosses the wire
export { PROTOCOL_VERSION } from './agent-webkit/protocol/events.js';
export type {
  DeliveredEvent,
  EventName,
  EventPayloads,
  UserContent,
  WireEvent,
} from './agent-webkit/protocol/events.js';
export type { CreateSession, InboundMessage } from './agent-webkit/protocol/inbound.js';
export type { PendingRequest, SessionInfo } from './agent-webkit/protocol/answers.js';

// The description of the routes
export {
  addAgentWebkitPaths,
  agentWebkitOpenApi,
  type AgentWebkitOpenApi,
  type OpenApiOptions,
  type OpenApiPaths,
} from './agent-webkit/openapi/openapi.js';

// Errors
export {
  AgentsBusyError,
  AgentWebkitError,
  BackpressureError,
  CursorAheadError,
  CursorEvictedError,
  type ErrorCode,
  ForbiddenError,
  InvalidRequestError,
  NoPendingRequestError,
  PayloadTooLargeError,
  SessionNotFoundError,
  ShuttingDownError,
  StorageUnavailableError,
  TooManyCreationsError,
  TooManySessionsError,
  TooManySubscribersError,
  UnauthorizedError,
} from './agent-webkit/engine/errors.js';

// The same two classes, by the names they have in the Python server.
export {
  CursorEvictedError as EvictedError,
  NoPendingRequestError as ConflictError,
} from './agent-webkit/engine/errors.js';
