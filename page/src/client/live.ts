import { watchUntil } from '../../../src/agent-webkit-client/watch-until.js';
import type { AgentApi } from './agent-api.js';

/** The time in which changes are gathered, in milliseconds. */
const GATHER_MS = 250;

/**
 * Calls `refresh` now, at each start of the stream of all sessions, and after the events that `concerns` selects:
 * once for those that come together. The stream is the same for all callers.
 *
 * @returns a function that ends it
 */
export function keepLive(
  api: AgentApi,
  refresh: () => Promise<void>,
  concerns: (event: string) => boolean,
): () => void {
  const leaving = new AbortController();
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let isLoading = false;
  let isOutdated = false;
  // One request after the other, however many events arrive meanwhile.
  const loadOnce = async () => {
    if (isLoading) {
      isOutdated = true;
      return;
    }
    isLoading = true;
    try {
      await refresh();
    } finally {
      isLoading = false;
    }
    if (isOutdated && !leaving.signal.aborted) {
      isOutdated = false;
      void load();
    }
  };
  const load = async () => {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      void loadOnce();
    }, GATHER_MS);
  };
  void loadOnce();
  watchUntil(api.shared, leaving.signal, {
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
}
