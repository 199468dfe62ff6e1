import { useRef } from 'react';
import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';
import type { SessionSnapshot } from '../client/session-store.js';
import type { Conversation } from '../session/conversation.js';
import { shorten } from './waiting.js';

const MAX_CHARS = 80;

/** The most titles that are kept of sessions that are no longer listed. */
const MAX_KEPT = 1000;

export type Titles = Readonly<Record<string, string>>;

/** Returns the titles of the sessions that are listed, or were before a search: the inbox shows them too. */
export function useTitles(
  sessions: readonly SessionInfo[],
  id: string | null,
  snapshot: SessionSnapshot | null,
): Titles {
  const kept = useRef<Titles>({});
  const all = { ...kept.current, ...titlesOf(sessions, id, snapshot) };
  kept.current = Object.fromEntries(Object.entries(all).slice(-MAX_KEPT));
  return kept.current;
}

/** Returns the titles of the listed sessions, and of the open one, whose title is newer than the listing. */
function titlesOf(
  sessions: readonly SessionInfo[],
  id: string | null,
  snapshot: SessionSnapshot | null,
): Titles {
  const titles: Record<string, string> = {};
  for (const { session_id: listed, title } of sessions) if (title !== null) titles[listed] = title;
  if (id === null || snapshot === null) return titles;
  const title = snapshot.info?.title ?? titles[id] ?? firstSaid(snapshot.conversation);
  if (title !== undefined) titles[id] = title;
  return titles;
}

/** Returns the title of a session, or its short id. */
export function titleOf(id: string, titles: Titles): string {
  return titles[id] ?? `Session ${id.slice(0, 8)}`;
}

/** Returns the first message, from which the server makes the title. */
function firstSaid({ items, lacksBeginning }: Conversation): string | undefined {
  const first = lacksBeginning ? undefined : items.find(({ kind }) => kind === 'user');
  return first?.kind === 'user' ? shorten(first.content).slice(0, MAX_CHARS) : undefined;
}
