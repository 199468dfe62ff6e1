import { useEffect, useState, useSyncExternalStore } from 'react';
import type { AgentApi } from '../client/agent-api.js';
import { type SessionSnapshot, SessionStore } from '../client/session-store.js';

const NOTHING = {
  subscribe: () => () => undefined,
  snapshot: () => null,
};

/** Follows a session as long as it is the one that is shown. */
export function useSession(
  api: AgentApi,
  id: string | null,
): { store: SessionStore; snapshot: SessionSnapshot } | null {
  const [store, setStore] = useState<SessionStore | null>(null);
  useEffect(() => {
    if (id === null) return undefined;
    const next = new SessionStore(api, id);
    setStore(next);
    void next.follow();
    return () => {
      next.stop();
      setStore(null);
    };
  }, [api, id]);
  const { subscribe, snapshot: read } = store ?? NOTHING;
  const snapshot = useSyncExternalStore(subscribe, read);
  // For a moment after another one was chosen, the store is still the one before.
  return store && snapshot && store.id === id ? { store, snapshot } : null;
}
