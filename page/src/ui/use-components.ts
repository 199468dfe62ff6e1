import { createContext, useEffect, useState } from 'react';
import type { AgentApi } from '../client/agent-api.js';

/** The short names of the components that the agents can render, by the names of their tools. */
export type ComponentNames = ReadonlyMap<string, string>;

const NONE: ComponentNames = new Map();

export const ComponentsContext = createContext<ComponentNames>(NONE);

/** Returns the components of the server. Read once; after a failure, again when `isConnected` changes. */
export function useComponents(api: AgentApi, isConnected: boolean): ComponentNames {
  const [names, setNames] = useState<ComponentNames | null>(null);
  const isRead = names !== null;
  useEffect(() => {
    if (isRead) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    const load = async () => {
      try {
        const { tools } = await api.shared.genuiSchema({ signal });
        if (!signal.aborted) setNames(new Map(tools.map((tool) => [tool.name, tool.short_name])));
      } catch {
        // Components are then shown as the tool calls that they are.
      }
    };
    void load();
    return () => controller.abort();
  }, [api, isRead, isConnected]);
  return names ?? NONE;
}
