import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';
import type { AgentClient } from '../agent-webkit-client/agent-client.js';
import type { AgentSession, SendOptions } from '../agent-webkit-client/agent-session.js';
import type { UserContent } from '../agent-webkit/protocol/events.js';
import type { ConversationItem } from './conversation.js';
import {
  type AgentComponents,
  findComponent,
  renderComponent,
  type RenderedComponent,
} from './generative-ui.js';
import { RequestsStore, type RequestsView } from './requests-store.js';
import { SchemaStore, type SchemaView } from './schema-store.js';
import { type SessionView } from './session-store.js';
import { SessionStore } from './session-store.js';
import { SessionsStore, type SessionsView } from './sessions-store.js';
import type { Store } from './store.js';

const ClientContext = createContext<AgentClient | null>(null);

export interface AgentProviderProps {
  /** Create it once, outside the components. */
  readonly client: AgentClient;
  readonly children?: ReactNode;
}

/** Gives the hooks below it their client. */
export function AgentProvider({ client, children }: AgentProviderProps): ReactNode {
  return createElement(ClientContext, { value: client }, children);
}

/** Returns the client of the provider. @throws Error without an `AgentProvider` above the component */
export function useAgentClient(): AgentClient {
  const client = useContext(ClientContext);
  if (!client)
    throw new Error(
      'There is no AgentProvider above this component. Add <AgentProvider client={client}>.',
    );
  return client;
}

/** The stores of each client, by what they show. */
const stores = new WeakMap<AgentClient, Map<string, Store<unknown>>>();

function storeOf<Kept extends Store<unknown>>(
  client: AgentClient,
  key: string,
  create: (onStop: () => void) => Kept,
): Kept {
  const ofClient = stores.get(client) ?? new Map<string, Store<unknown>>();
  stores.set(client, ofClient);
  const found = ofClient.get(key);
  if (found) return found as Kept;
  const store = create(() => ofClient.delete(key));
  ofClient.set(key, store);
  return store;
}

function useStore<Snapshot>(store: Store<Snapshot>): Snapshot {
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot);
}

/** A session as a component shows it, and what it does with it. */
export interface UsedSession extends SessionView {
  readonly session: AgentSession;
  /**
   * Sends a message, which is in `items` at once. Resolves to its id when the server has accepted it, and rejects when
   * it refuses it.
   */
  readonly send: (content: UserContent, options?: SendOptions) => Promise<string>;
  /** Ends the agent's turn. */
  readonly interrupt: () => Promise<void>;
}

/**
 * Shows a session: its conversation, its open requests and its connection. Components with the same session share it.
 *
 * @throws Error without an `AgentProvider` above the component
 */
export function useSession(sessionId: string): UsedSession {
  const client = useAgentClient();
  const store = storeOf(
    client,
    `session ${sessionId}`,
    (onStop) => new SessionStore(client.attach(sessionId), onStop),
  );
  const view = useStore(store);
  return { ...view, session: store.session, send: store.send, interrupt: store.interrupt };
}

/** Shows the caller's sessions. @throws Error without an `AgentProvider` above the component */
export function useSessions(): SessionsView {
  const client = useAgentClient();
  return useStore(storeOf(client, 'sessions', (onStop) => new SessionsStore(client, onStop)));
}

/** Shows the open requests of all the caller's sessions. @throws Error without an `AgentProvider` above the component */
export function useRequests(): RequestsView {
  const client = useAgentClient();
  return useStore(storeOf(client, 'requests', (onStop) => new RequestsStore(client, onStop)));
}

/** The components that agents render, and how to draw them. */
export interface GenerativeUI extends SchemaView {
  /** Returns the component that an item renders, also one that you do not have; null for an item that renders none. */
  readonly find: (item: ConversationItem) => RenderedComponent | null;
  /**
   * Draws the component of an item. Undefined for an item that renders none of your components: show it as what it is. Null
   * for a component that failed, which the agent usually renders again.
   */
  readonly render: (item: ConversationItem) => ReactNode | undefined;
}

/**
 * Draws the components that agents render by your own React components.
 *
 * @param components by their short names. Create the object once, outside the component
 * @throws Error without an `AgentProvider` above the component
 *
 * @example
 * const { render } = useGenerativeUI({ weather_card: WeatherCard });
 * return items.map((item) => render(item) ?? <Item item={item} />);
 */
export function useGenerativeUI(components: AgentComponents): GenerativeUI {
  const client = useAgentClient();
  const { schema, error } = useStore(
    storeOf(client, 'components', (onStop) => new SchemaStore(client, onStop)),
  );
  return useMemo(() => {
    const find = (item: ConversationItem) => findComponent(schema, item);
    const render = (item: ConversationItem) => renderComponent(components, find(item), item);
    return { schema, error, find, render };
  }, [components, schema, error]);
}
