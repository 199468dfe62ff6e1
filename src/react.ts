// Hooks for React. Every exported name is public.

export {
  AgentProvider,
  type AgentProviderProps,
  useAgentClient,
  type UsedSession,
  useRequests,
  useSession,
  useSessions,
} from './agent-webkit-react/hooks.js';
export type { ConversationItem } from './agent-webkit-react/conversation.js';
export type { RequestsView } from './agent-webkit-react/requests-store.js';
export type { SessionView } from './agent-webkit-react/session-store.js';
export type { SessionsView } from './agent-webkit-react/sessions-store.js';
