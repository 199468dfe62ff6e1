import { useCallback, useEffect, useRef, useState } from 'react';
import type { ListedRequest } from '../../../src/agent-webkit/protocol/answers.js';
import type { AgentApi } from '../client/agent-api.js';
import { keepLive } from '../client/live.js';
import type { SessionSnapshot } from '../client/session-store.js';
import type { OpenRequest } from '../session/conversation.js';

export interface OpenRequests {
  /** The oldest ones, at most as many as a page has. */
  requests: readonly ListedRequest[];
  /** True when there are more. */
  hasMore: boolean;
}

/** The events after which the list of open requests can be another one. */
const isOfRequest = (event: string) => /request|^ask_user_question$|^session_/.test(event);

const NONE: OpenRequests = { requests: [], hasMore: false };

/**
 * Returns the open requests of all sessions of the user, the oldest first, as they are at the server. Asks it at
 * once when the requests of the shown session change. While it does not respond, the last ones stay.
 */
export function useRequests(
  api: AgentApi,
  shown: string | null,
  snapshot: SessionSnapshot | null,
): OpenRequests {
  const [listed, setListed] = useState(NONE);
  const asked = useRef(0);
  const answered = useRef(0);
  const refresh = useCallback(async () => {
    const turn = (asked.current += 1);
    try {
      const { requests, next_cursor: next } = await api.requests();
      // A response that was overtaken by a later one is out of date.
      if (turn < answered.current) return;
      answered.current = turn;
      setListed({ requests, hasMore: next !== null });
    } catch {
      // The list of sessions shows what is wrong.
    }
  }, [api]);
  useEffect(() => keepLive(api, refresh, isOfRequest), [api, refresh]);

  const live = snapshot?.conversation.requests.map(keyOf).join(' ') ?? '';
  useEffect(() => void refresh(), [refresh, shown, live]);
  return { ...listed, requests: withoutClosed(listed.requests, shown, snapshot) };
}

/** Returns a text that changes with what the list shows of a request. */
function keyOf(request: OpenRequest): string {
  const approvals = request.kind === 'permission' ? (request.approvedBy?.length ?? 0) : 0;
  return `${request.correlation_id} ${approvals}`;
}

/** Omits the requests that the shown session has closed since they were listed. */
function withoutClosed(
  requests: readonly ListedRequest[],
  shown: string | null,
  snapshot: SessionSnapshot | null,
): readonly ListedRequest[] {
  if (snapshot === null || !isUpToDate(snapshot)) return requests;
  const open = new Set(snapshot.conversation.requests.map(({ correlation_id: id }) => id));
  return requests.filter(
    ({ session_id, correlation_id: id }) => session_id !== shown || open.has(id),
  );
}

/** Returns false until the events that there were when the session was opened have arrived. */
function isUpToDate({ info, conversation }: SessionSnapshot): boolean {
  return info !== null && conversation.lastId > 0 && conversation.lastId >= info.last_id;
}
