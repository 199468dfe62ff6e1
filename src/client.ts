// A client for browsers, Node and React Native, without dependencies. Every exported name is public.

export {
  AgentClient,
  type AgentClientOptions,
  type CreateOptions,
  type ListOptions,
  type PageOptions,
  type UsageOptions,
} from './agent-webkit-client/agent-client.js';
export {
  AgentSession,
  type SendOptions,
  type SetMembersOptions,
} from './agent-webkit-client/agent-session.js';
export {
  AgentRequest,
  type AllowOptions,
  type AnswerEffect,
  type DenyOptions,
  type Resolution,
} from './agent-webkit-client/agent-request.js';
export type { BackoffOptions, Retry, RetryOptions } from './agent-webkit-client/backoff.js';
export type {
  Connection,
  EventStreamOptions,
  Transport,
} from './agent-webkit-client/event-stream.js';
export type { StreamListener, Update } from './agent-webkit-client/shared-stream.js';
export type { HttpOptions } from './agent-webkit-client/http.js';
export { parsePartialJson } from './agent-webkit-client/partial-json.js';
export type { OutgoingMessage } from './agent-webkit-client/outbox.js';
export { EventsLostError, OutboxFullError, ApiError } from './agent-webkit-client/api-error.js';
export type {
  CreatedSession,
  DailyBudget,
  DailyUsage,
  GenuiSchema,
  GenuiTool,
  ListedRequest,
  PendingRequest,
  RequestsPage,
  SessionInfo,
  SessionsPage,
  SessionTask,
  Usage,
  WhenEscalated,
} from './agent-webkit/protocol/answers.js';
export type { OutputFormat } from './agent-webkit/protocol/output-format.js';
export type { SessionMember, SessionRole } from './agent-webkit/protocol/session-members.js';
export type { DeliveredEvent, EventPayloads, UserContent } from './agent-webkit/protocol/events.js';
export type {
  CreateSession,
  FormContent,
  InboundMessage,
  RequestReply,
} from './agent-webkit/protocol/inbound.js';
