import { useEffect } from 'react';
import type { AgentClient } from '../../../src/agent-webkit-client/agent-client.js';
import { watchUntil } from '../../../src/agent-webkit-react/watch-until.js';

/** The time in which changes are gathered, in milliseconds. */
const GATHER_MS = 250;

/**
 * Calls `refresh` now, at each start of the stream of all sessions, and after the events that `concerns` selects:
 * once for those that come together. The stream is the same for all that use it.
 */
export function useLive(
  client: AgentClient,
  refresh: () => Promise<void>,
  concerns: (event: string) => boolean,
): void {
  useEffect(() => {
    const leaving = new AbortController();
    let gathering: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      gathering ??= setTimeout(() => {
        gathering = undefined;
        void refresh();
      }, GATHER_MS);
    };
    void refresh();
    watchUntil(client, leaving.signal, {
      onConnection: () => undefined,
      onUpdate: ({ event }) => {
        if (concerns(event)) void load();
      },
      load,
    });
    return () => {
      leaving.abort();
      clearTimeout(gathering);
    };
  }, [client, refresh, concerns]);
}
