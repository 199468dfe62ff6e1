import type { AgentClient } from './agent-client.js';
import type { StreamListener } from './shared-stream.js';

/** How often lists are read at a server that has no stream of all sessions, in milliseconds. */
const POLL_MS = 10_000;

/** The updates after which a list can have entries that no event tells. */
const RELOADING = new Set(['stream_start', 'stream_gap', 'session_shared', 'members_changed']);

interface Watched extends Pick<StreamListener, 'onConnection' | 'onUpdate'> {
  /** Reads the list. Never rejects. */
  load(): Promise<void>;
}

/** Reads a list at each start of the stream and after each gap and each change of members, and listens to its changes, until the signal aborts. */
export function watchUntil(client: AgentClient, signal: AbortSignal, watched: Watched): void {
  let polling: ReturnType<typeof setInterval> | undefined;
  const poll = () => {
    void watched.load();
    polling = setInterval(() => void watched.load(), POLL_MS);
  };
  const leave = client.watch({
    onConnection: (connection) => watched.onConnection(connection),
    onUpdate: (update) => {
      watched.onUpdate(update);
      if (RELOADING.has(update.event)) void watched.load();
    },
    // The list tells why, if the server refuses both.
    onEnd: poll,
  });
  const end = () => {
    leave();
    clearInterval(polling);
  };
  signal.addEventListener('abort', end, { once: true });
}
