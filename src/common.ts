// The names that `nestjs-agent-webkit` and `nestjs-agent-webkit/engine` both export. All of them are public.

// Options
export type {
  NotifyOrFunction,
  OptionGroups,
} from './agent-webkit/options/agent-webkit.options.js';
export type { AgentOptions } from './agent-webkit/options/groups/agent.js';
export type { HookOptions } from './agent-webkit/options/groups/hooks.js';
export type { LimitOptions } from './agent-webkit/options/groups/limits.js';
export type { NetworkOptions } from './agent-webkit/options/groups/network.js';
export type { NotifyOptions } from './agent-webkit/options/groups/notify.js';
export type { RequestOptions } from './agent-webkit/options/groups/requests.js';
export type { RetentionOptions } from './agent-webkit/options/groups/retention.js';
export type { SandboxChoice, SandboxOptions } from './agent-webkit/options/groups/sandbox.js';
export type { StreamOptions } from './agent-webkit/options/groups/stream.js';
export type {
  MeterProviderLike,
  TelemetryOptions,
} from './agent-webkit/options/groups/telemetry.js';
export type { TimeoutOptions } from './agent-webkit/options/groups/timeouts.js';
export type {
  AgentWebkitRequest,
  AuthOptions,
  TopLevelOptions,
} from './agent-webkit/options/groups/top-level.js';

export type { WorkspaceOptions, WorkspacePer } from './agent-webkit/options/groups/workspace.js';

// Agents
export { claudeSdkFactory } from './agent-webkit/agents/claude/claude-sdk-factory.js';
export {
  type PeopleDecideOptions,
  peopleDecide,
} from './agent-webkit/agents/claude/people-decide.js';
export type {
  ClaudeConfiguration,
  ClaudeOverrides,
  ClaudeOwnedOption,
} from './agent-webkit/agents/claude/claude-options.js';
export type {
  AgentClient,
  AgentCommand,
  AgentFolders,
  AgentInput,
  AgentModel,
  AgentStart,
  AgentWalls,
  AwaitedCall,
  EndedSession,
  CanUseTool,
  ContextUsage,
  GivenFiles,
  HostContext,
  McpServerState,
  ModelLimits,
  PermissionContext,
  SdkFactory,
  SessionConfig,
  SteeredMessages,
  StoredConversation,
  SubAgent,
} from './agent-webkit/engine/agent-client.js';
export { agentLogFields, type AgentLogFields } from './agent-webkit/engine/log-fields.js';
export type { TraceContext } from './agent-webkit/engine/trace-context.js';
export type {
  HostTool,
  HostToolCall,
  HostToolContent,
  HostToolOutput,
  HostTools,
  ToolImageType,
  ToolInputSchema,
  ToolProgress,
} from './agent-webkit/engine/host-tool.js';
export type {
  AgentAsks,
  AgentDialog,
  AgentDialogResult,
  AskKind,
  AskPeople,
  Elicitation,
  ElicitationResult,
  HookDecision,
  HookQuestion,
} from './agent-webkit/engine/agent-asks.js';
export type { DurableTools } from './agent-webkit/engine/durable-tools.js';
export type { ModelCall, ModelCredentials } from './agent-webkit/gateway/model/provider.js';
export type {
  AgentSandbox,
  ExceededLimit,
  SandboxCommand,
  SandboxLimits,
  SandboxProcess,
  SandboxWalls,
} from './agent-webkit/engine/agent-sandbox.js';
export {
  type BubblewrapOptions,
  bubblewrapSandbox,
} from './agent-webkit/sandbox/bubblewrap/bubblewrap-sandbox.js';
export { type SandboxNeeds, systemSandbox } from './agent-webkit/sandbox/system-sandbox.js';
export type { PermissionGrants, PermissionRule } from './agent-webkit/engine/permission-grants.js';

// Storage
export { MemoryStorage } from './agent-webkit/storage/memory/memory-storage.js';
export {
  type PostgresConnectSettings,
  PostgresStorage,
  type PostgresStorageOptions,
  type PostgresStorageSettings,
} from './agent-webkit/storage/postgres/postgres-storage.js';
export type {
  PoolMode,
  PostgresClient,
  PostgresNotification,
  PostgresPool,
  PostgresQuery,
} from './agent-webkit/storage/postgres/postgres-pool.js';
export type { SqliteDriver } from './agent-webkit/storage/sqlite/thread-protocol.js';
export {
  SqliteStorage,
  type SqliteStorageOptions,
} from './agent-webkit/storage/sqlite/sqlite-storage.js';
export {
  CONVERSATION_EVENTS,
  EMPTY_LOG,
  FencedError,
  OwnedElsewhereError,
  randomEpoch,
  StorageFaultError,
  UnstorableError,
} from './agent-webkit/engine/storage.js';
export {
  matchesDetails,
  type AllRecordsFilter,
  type RecordFilter,
  type SearchedDetails,
  searchedDetails,
} from './agent-webkit/engine/record-filter.js';
export type { SessionDetails } from './agent-webkit/engine/session-details.js';
export type {
  AsyncEventStore,
  CreationCursor,
  EventAppend,
  EventStore,
  Generation,
  LogSummary,
  RecordCursor,
  RequestCursor,
  RequestMark,
  SessionRecord,
  SessionRecordPatch,
  SessionRecordStore,
  SessionStatus,
  StorageProvider,
  StoredRequest,
  TranscriptStore,
} from './agent-webkit/engine/storage.js';
export type {
  DueNotification,
  NewNotification,
  NotificationOutbox,
} from './agent-webkit/engine/notification-outbox.js';
export type {
  Day,
  NewUsage,
  UsageAmounts,
  UsageRow,
  UsageStore,
} from './agent-webkit/engine/usage.js';
export type { SessionEvent } from './agent-webkit/engine/session-event.js';

// Several servers on one storage
export type {
  ClusterServer,
  ClusterStore,
  ForwardedReply,
  ForwardedRequest,
  Renewal,
  SessionPosition,
} from './agent-webkit/engine/cluster.js';
export type { Bus, BusReceiver } from './agent-webkit/engine/bus.js';
export { InProcessBus } from './agent-webkit/bus/in-process-bus.js';
export { PostgresBus, type PostgresBusOptions } from './agent-webkit/bus/postgres/postgres-bus.js';
export { RedisBus } from './agent-webkit/bus/redis/redis-bus.js';

// Access and policy
export type {
  AccessAction,
  AccessedSession,
  CanAccess,
} from './agent-webkit/engine/registry/access.js';
export type { AnsweredRequest, CanAnswer } from './agent-webkit/engine/session/answering.js';
export type { RequestDecision, OnDecision } from './agent-webkit/engine/session/decision.js';
export type {
  RequestApprovals,
  RequestApprovalsByTool,
} from './agent-webkit/engine/request-approvals.js';
export type {
  EscalatedRequest,
  EscalateTo,
  RequestEscalation,
  RequestEscalationByTool,
} from './agent-webkit/engine/request-escalation.js';
export type { RequestExpiry, RequestExpiryByTool } from './agent-webkit/engine/request-expiry.js';
export type { ConfigureSession } from './agent-webkit/engine/registry/session-policy.js';

// Notifications
export type {
  NotificationBody,
  NotificationData,
  NotificationObserver,
  NotificationSubject,
  NotificationType,
  Notify,
  SessionNotification,
} from './agent-webkit/engine/notification.js';

// Callers, pages of sessions, and pages of requests
export type { Caller } from './agent-webkit/engine/caller.js';
export type { Health, HealthProblem } from './agent-webkit/engine/health.js';
export type {
  ReadOptions,
  SetMembersOptions,
} from './agent-webkit/engine/registry/session-handle.js';
export type { ListCursor } from './agent-webkit/engine/registry/listing.js';
export type { RequestPage } from './agent-webkit/engine/registry/request-page.js';
export type { SessionFilter } from './agent-webkit/engine/registry/session-filter.js';
export type { DailyBudgetState } from './agent-webkit/engine/daily-budget.js';
export type { UsageRange, UsageReport } from './agent-webkit/engine/registry/usage-report.js';
export type {
  ListPosition,
  SessionPage,
  SessionQuery,
} from './agent-webkit/engine/registry/session-page.js';

// The wire protocol
export { PROTOCOL_VERSION } from './agent-webkit/protocol/events.js';
export type {
  DecisionLink,
  DeliveredEvent,
  EventName,
  EventPayloads,
  EventTime,
  FromSubAgent,
  ImageBlock,
  MessageDelta,
  ModelUsage,
  NoticePayloads,
  RequestApprovalsData,
  RequestEscalationData,
  RequestExpiryData,
  RequestDecisionData,
  RequestKind,
  RequestOutcome,
  RequestPayloads,
  SessionStateName,
  TaskStatus,
  TaskUsage,
  TextBlock,
  Timed,
  UserContent,
  WireEvent,
} from './agent-webkit/protocol/events.js';
export type { OutputFormat } from './agent-webkit/protocol/output-format.js';
export type { SessionMetadata, TitleSource } from './agent-webkit/protocol/session-details.js';
export type { SessionMember, SessionRole } from './agent-webkit/protocol/session-members.js';
export type {
  ChangeSession,
  CreateSession,
  DialogResponse,
  ElicitationResponse,
  FormContent,
  HookDecisionResponse,
  InboundMessage,
  MessageDelivery,
  PermissionResponse,
  QuestionResponse,
  RequestReply,
  SetMembers,
  UserMessage,
} from './agent-webkit/protocol/inbound.js';
export type {
  AdminServer,
  AdminServerReport,
  AdminServers,
  AdminServerWork,
  AdminSession,
  AdminSessionsPage,
} from './agent-webkit/protocol/admin.js';
export type {
  DailyBudget,
  DailyUsage,
  DecisionRecord,
  EventsPage,
  GenuiSchema,
  GenuiTool,
  ListedRequest,
  OfferedCommand,
  OfferedModel,
  WhenEscalated,
  PendingRequest,
  Capabilities,
  SessionCapabilities,
  SessionContext,
  SessionInfo,
  SessionTask,
  Usage,
} from './agent-webkit/protocol/answers.js';

// Errors
export {
  AgentsBusyError,
  DailyBudgetExhaustedError,
  AgentWebkitError,
  BackpressureError,
  ServerOverloadedError,
  CursorAheadError,
  CursorEvictedError,
  CursorLostError,
  type ErrorCode,
  ForbiddenError,
  InputChangedError,
  InvalidRequestError,
  McpServerNotFoundError,
  McpServerUnavailableError,
  MembersChangedError,
  MessageNotFoundError,
  MessageNotQueuedError,
  MessageNotReplaceableError,
  NoPendingRequestError,
  NoRunningTaskError,
  NotStorableError,
  PayloadTooLargeError,
  SandboxUnavailableError,
  SessionNotFoundError,
  ShuttingDownError,
  SessionUnavailableError,
  StorageUnavailableError,
  TooManyCreationsError,
  TooManySessionsError,
  TooManySubscribersError,
  UnauthorizedError,
  WorkspaceUnavailableError,
} from './agent-webkit/engine/errors.js';

// The same two classes by their names in the Python server.
export {
  CursorEvictedError as EvictedError,
  NoPendingRequestError as ConflictError,
} from './agent-webkit/engine/errors.js';
