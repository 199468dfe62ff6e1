import { useEffect, useState } from 'react';
import type { SessionCapabilities } from '../../../src/agent-webkit/protocol/answers.js';
import type { SessionStore } from '../client/session-store.js';

/**
 * Returns what the host permits in the session, and how much of the context is in use. Loads it again after each
 * turn. Null until the first response; the last one stays when the server does not respond.
 */
export function useCapabilities(
  store: SessionStore,
  isRunning: boolean,
  isOver: boolean,
): SessionCapabilities | null {
  const [capabilities, setCapabilities] = useState<SessionCapabilities | null>(null);
  useEffect(() => {
    if (isRunning || isOver) return undefined;
    let isCurrent = true;
    const load = async () => {
      try {
        const loaded = await store.api.capabilities(store.id);
        if (isCurrent) setCapabilities(loaded);
      } catch {
        // the stream of the session shows that the server does not respond
      }
    };
    void load();
    return () => {
      isCurrent = false;
    };
  }, [store, isRunning, isOver]);
  return capabilities;
}
