import { useCallback, useEffect, useRef, useState } from 'react';
import type { SessionInfo, SessionsPage } from '../../../src/agent-webkit/protocol/answers.js';
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
  const [sessions, setSessions] = useState<readonly SessionInfo[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  /** The number of pages that are shown. All are loaded again, as sessions move from one to the next. */
  const shown = useRef(1);
  /** The number of the last request: the response to an earlier one is out of date. */
  const asked = useRef(0);

  const refresh = useCallback(async () => {
    const turn = (asked.current += 1);
    try {
      const loaded = await loadPages(api, { q, archived }, shown.current);
      if (turn !== asked.current) return;
      setSessions(loaded.sessions);
      setCursor(loaded.next_cursor);
      setError(null);
    } catch (problem) {
      if (turn === asked.current) setError(problem);
    }
  }, [api, q, archived]);
  useEffect(() => {
    shown.current = 1;
    return keepLive(api, refresh, isListed);
  }, [api, refresh]);

  return {
    sessions,
    hasMore: cursor !== null,
    problem: error === null ? null : explain(error),
    isUnauthorized: toRefusal(error)?.status === 401,
    refresh: () => void refresh(),
    more: () => {
      shown.current += 1;
      void refresh();
    },
  };
}

/** Loads the first pages of the list as one. */
async function loadPages(api: AgentApi, filter: ListFilter, count: number): Promise<SessionsPage> {
  const sessions = new Map<string, SessionInfo>();
  let cursor: string | null = null;
  for (let page = 0; page < count; page += 1) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const loaded: SessionsPage = await api.list(cursor, filter);
    // A session that was used meanwhile is on several pages.
    for (const session of loaded.sessions) {
      if (!sessions.has(session.session_id)) sessions.set(session.session_id, session);
    }
    cursor = loaded.next_cursor;
    if (cursor === null) break;
  }
  return { sessions: [...sessions.values()], next_cursor: cursor };
}
