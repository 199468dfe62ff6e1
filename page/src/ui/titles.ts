import { useEffect, useState } from 'react';
import { recall, remember } from '../client/access.js';
import type { Conversation } from '../session/conversation.js';
import { shorten } from './waiting.js';

const KEY = 'agent-webkit:titles';
const MAX_CHARS = 80;

export type Titles = Readonly<Record<string, string>>;

/** The titles of sessions: their first messages, if this tab has seen them. Sessions have no names. */
export function useTitles(id: string | null, conversation: Conversation | null): Titles {
  const [titles, setTitles] = useState<Titles>(recallTitles);
  const said = conversation?.lacksBeginning ? undefined : firstSaid(conversation);
  useEffect(() => {
    if (id === null || said === undefined || titles[id] !== undefined) return;
    const next = { ...titles, [id]: said };
    setTitles(next);
    remember(KEY, JSON.stringify(next));
  }, [id, said, titles]);
  return titles;
}

/** Returns the first message of the session, if this tab has seen it. */
export function titleOf(id: string, titles: Titles): string {
  return titles[id] ?? `Session ${id.slice(0, 8)}`;
}

function firstSaid(conversation: Conversation | null): string | undefined {
  const first = conversation?.items.find(({ kind }) => kind === 'user');
  return first?.kind === 'user' ? shorten(first.content).slice(0, MAX_CHARS) : undefined;
}

function recallTitles(): Titles {
  try {
    return JSON.parse(recall(KEY) ?? '{}') as Titles;
  } catch {
    return {}; // the stored value is invalid
  }
}
