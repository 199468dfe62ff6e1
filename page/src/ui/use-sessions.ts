import { useCallback, useState } from 'react';
import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';
import type { AgentApi } from '../client/agent-api.js';
import { explain, toRefusal } from '../client/words.js';
import { usePolling } from './use-polling.js';

export interface Sessions {
  /** Null until the first response of the server. */
  sessions: readonly SessionInfo[] | null;
  hasMore: boolean;
  problem: string | null;
  isUnauthorized: boolean;
  now: number;
  refresh: () => void;
  more: () => void;
}

/** Returns the user's sessions. Polls the server while the page is visible, or notifies the user. */
export function useSessions(api: AgentApi): Sessions {
  const [first, setFirst] = useState<readonly SessionInfo[] | null>(null);
  const [older, setOlder] = useState<readonly SessionInfo[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [now, setNow] = useState(() => Date.now());

  const refresh = useCallback(async () => {
    try {
      const page = await api.list(null);
      setFirst(page.sessions);
      // After the user has loaded further pages, the cursor is that of the oldest page.
      setOlder((before) => {
        if (before.length === 0) setCursor(page.next_cursor);
        return before;
      });
      setError(null);
    } catch (problem) {
      setError(problem);
    }
    setNow(Date.now());
  }, [api]);
  const more = async () => {
    try {
      const page = await api.list(cursor);
      setOlder((before) => addUnknown(before, page.sessions));
      setCursor(page.next_cursor);
    } catch (problem) {
      setError(problem);
    }
  };
  usePolling(refresh);

  return {
    sessions: first && addUnknown(first, older),
    hasMore: cursor !== null,
    problem: error === null ? null : explain(error),
    isUnauthorized: toRefusal(error)?.status === 401,
    now,
    refresh: () => void refresh(),
    more: () => void more(),
  };
}

/** Appends the sessions that are not in the list yet: later pages may repeat earlier ones. */
function addUnknown(
  known: readonly SessionInfo[],
  others: readonly SessionInfo[],
): readonly SessionInfo[] {
  const ids = new Set(known.map(({ session_id: id }) => id));
  return [...known, ...others.filter(({ session_id: id }) => !ids.has(id))];
}
