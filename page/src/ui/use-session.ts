import { useEffect, useState, useSyncExternalStore } from 'react';
import type { AgentApi } from '../client/agent-api.js';
import { type SessionSnapshot, SessionStore } from '../client/session-store.js';

const NOTHING = {
  subscribe: () => () => undefined,
  snapshot: () => null,
};

/** Subscribes to a session while it is shown. */
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
  // Right after another session was selected, the store is still that of the previous one.
  return store && snapshot && store.id === id ? { store, snapshot } : null;
}
