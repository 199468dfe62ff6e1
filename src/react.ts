// Hooks for React. Every exported name is public.

export {
  AgentProvider,
  type AgentProviderProps,
  type GenerativeUI,
  useAgentClient,
  useGenerativeUI,
  type UsedSession,
  useRequests,
  useSession,
  useSessions,
} from './agent-webkit-react/hooks.js';
export type { ConversationItem } from './agent-webkit-react/conversation.js';
export type {
  AgentComponentProps,
  AgentComponents,
  RenderedComponent,
} from './agent-webkit-react/generative-ui.js';
export type { SchemaView } from './agent-webkit-react/schema-store.js';
export type { RequestsView } from './agent-webkit-react/requests-store.js';
export type { SessionView } from './agent-webkit-react/session-store.js';
export type { SessionsView } from './agent-webkit-react/sessions-store.js';
