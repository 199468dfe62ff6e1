import { useCallback, useEffect, useRef, useState } from 'react';
import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';
import type { AgentApi, ListFilter } from '../client/agent-api.js';
import { keepLive } from '../client/live.js';
import { explain, toRefusal } from '../client/words.js';

export interface Sessions {
  /** Null until the first response of the server. */
  sessions: readonly SessionInfo[] | null;
  hasMore: boolean;
  problem: string | null;
  isUnauthorized: boolean;
  refresh: () => void;
  more: () => void;
}

/** Events that do not change what the list shows of a session. */
const FREQUENT = /_delta$|_progress$|^message_complete$|^tool_|^stream_/;
const isListed = (event: string) => !FREQUENT.test(event);

/** Returns the user's sessions that the filter selects, as they are at the server. */
export function useSessions(api: AgentApi, { q, archived }: ListFilter): Sessions {
  const [first, setFirst] = useState<readonly SessionInfo[] | null>(null);
  const [older, setOlder] = useState<readonly SessionInfo[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  /** The number of the last request: the response to an earlier one is out of date. */
  const asked = useRef(0);

  const refresh = useCallback(async () => {
    const turn = (asked.current += 1);
    try {
      const page = await api.list(null, { q, archived });
      if (turn !== asked.current) return;
      setFirst(page.sessions);
      // After the user has loaded further pages, the cursor is that of the oldest page.
      setOlder((before) => {
        if (before.length === 0) setCursor(page.next_cursor);
        return before;
      });
      setError(null);
    } catch (problem) {
      if (turn === asked.current) setError(problem);
    }
  }, [api, q, archived]);
  useEffect(() => setOlder([]), [q, archived]);
  useEffect(() => keepLive(api, refresh, isListed), [api, refresh]);
  const more = async () => {
    try {
      const page = await api.list(cursor, { q, archived });
      setOlder((before) => addUnknown(before, page.sessions));
      setCursor(page.next_cursor);
    } catch (problem) {
      setError(problem);
    }
  };

  return {
    sessions: first && addUnknown(first, older),
    hasMore: cursor !== null,
    problem: error === null ? null : explain(error),
    isUnauthorized: toRefusal(error)?.status === 401,
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
