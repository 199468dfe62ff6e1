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

/** Returns the sessions whose titles contain all words of the search. */
export function searchSessions(
  sessions: readonly SessionInfo[],
  query: string,
  titleOf: (session: SessionInfo) => string,
): readonly SessionInfo[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return sessions;
  return sessions.filter((session) => {
    const title = titleOf(session).toLowerCase();
    return words.every((word) => title.includes(word));
  });
}
