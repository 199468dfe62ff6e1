import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';

export interface SessionGroup {
  readonly name: string;
  readonly sessions: readonly SessionInfo[];
}

/** Groups sessions by the day of their latest activity, after those that need the user. Keeps their order. */
export function groupSessions(
  sessions: readonly SessionInfo[],
  now: number,
): readonly SessionGroup[] {
  const days: readonly (readonly [name: string, from: number])[] = [
    ['Today', dayBefore(now, 0)],
    ['Yesterday', dayBefore(now, 1)],
    ['Previous 7 days', dayBefore(now, 7)],
    ['Older', -Infinity],
  ];
  const groups = new Map<string, SessionInfo[]>([
    ['Needs you', []],
    ...days.map(([name]) => [name, []] as [string, SessionInfo[]]),
  ]);
  for (const session of sessions) {
    const at = Date.parse(session.last_activity_at);
    const day = days.find(([, from]) => at >= from)?.[0] ?? 'Older';
    groups.get(session.state === 'awaiting' ? 'Needs you' : day)?.push(session);
  }
  return [...groups]
    .filter(([, found]) => found.length > 0)
    .map(([name, found]) => ({ name, sessions: found }));
}

/** Returns the beginning of a day in the time zone of the user. */
function dayBefore(now: number, days: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() - days).getTime();
}

/** Omits the sessions whose requests the inbox shows, unless the user searches for one. */
export function withoutInbox(
  sessions: readonly SessionInfo[],
  requests: readonly { readonly session_id: string }[],
  isSearching: boolean,
): readonly SessionInfo[] {
  if (isSearching) return sessions;
  const shown = new Set(requests.map(({ session_id: id }) => id));
  return sessions.filter(({ session_id: id }) => !shown.has(id));
}
