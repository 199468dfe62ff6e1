// Every exported name is public: adding one is a promise, removing one breaks hosts.

// The module
export { AgentWebkitModule } from './agent-webkit/agent-webkit.module.js';
export type { AgentWebkitModuleExtras } from './agent-webkit/agent-webkit.module-definition.js';
export type { AgentWebkitModuleOptions } from './agent-webkit/options/agent-webkit.options.js';
export {
  AGENT_SANDBOX,
  BUS,
  SDK_FACTORY,
  STORAGE_PROVIDER,
} from './agent-webkit/agent-webkit.tokens.js';
export { AgentWebkitAuthGuard } from './agent-webkit/auth.guard.js';
export { AgentWebkitErrorInterceptor } from './agent-webkit/http/agent-webkit-error.interceptor.js';
export { isAgentWebkitRoute } from './agent-webkit/http/is-agent-webkit-route.js';
export { CurrentCaller } from './agent-webkit/http/current-caller.decorator.js';
export {
  getSessionRegistryToken,
  InjectSessionRegistry,
} from './agent-webkit/inject-session-registry.decorator.js';
export type { SessionHandle } from './agent-webkit/session-handle.js';
export { SessionRegistryService } from './agent-webkit/session-registry.service.js';
export { RequestsController } from './agent-webkit/requests.controller.js';
export { AdminController } from './agent-webkit/admin/admin.controller.js';
export type { AdminOptions } from './agent-webkit/admin/admin-options.js';
export { CapabilitiesController } from './agent-webkit/capabilities.controller.js';
export { AgentWebkitHealth, type AgentWebkitHealthResult } from './agent-webkit/health.js';
export { UsageController } from './agent-webkit/usage.controller.js';
export { GenuiController } from './agent-webkit/genui.controller.js';
export { SessionsController } from './agent-webkit/sessions.controller.js';
export { StreamController } from './agent-webkit/stream.controller.js';

// Tools for agents
export {
  AgentTool,
  type AgentToolOptions,
  type ToolRateLimit,
} from './agent-webkit/tools/agent-tool.decorator.js';
export {
  AgentComponent,
  type AgentComponentOptions,
} from './agent-webkit/tools/agent-component.decorator.js';
export type { ComponentRegistryOptions } from './agent-webkit/tools/component-registry.js';
export type { AgentFeature } from './agent-webkit/tools/feature.js';
export { AgentToolError } from './agent-webkit/tools/run-tool.js';
export type {
  StandardInput,
  StandardIssue,
  StandardResult,
} from './agent-webkit/tools/standard-input.js';
export {
  type AgentToolCall,
  CurrentSession,
  CurrentToolCall,
  TOOL_CONTEXT,
  toolCallOf,
  ToolInput,
} from './agent-webkit/tool-call.js';

// Notifications in the app
export {
  type AgentEventHandler,
  OnAgentEvent,
} from './agent-webkit/event-handlers/on-agent-event.decorator.js';

// The description of the routes
export {
  addAgentWebkitPaths,
  agentWebkitOpenApi,
  type AgentWebkitOpenApi,
  type OpenApiOptions,
  type OpenApiPaths,
} from './agent-webkit/openapi/openapi.js';

// Agents, storage, access, protocol and errors, which the engine's entry exports as well
export * from './common.js';
