import type { Census, UnreadEvents } from '../census.js';
import type { RegistryParts } from './registry-parts.js';

/** Counts what a server has now, in one pass over the sessions in its memory. */
export async function takeCensus({
  live,
  shared,
  storage,
  news,
}: Pick<RegistryParts, 'live' | 'shared' | 'storage' | 'news'>): Promise<Census> {
  const held = await Promise.all(live.ids.map((id) => live.peek(id)));
  const works = held.flatMap((session) => (session ? [session.work] : []));
  const tails = shared?.tails.unread() ?? [];
  const requests = works.flatMap((work) => work.requests);
  const now = Date.now();
  // The clock may have been set back.
  const oldest = requests.reduce((first, { openedAt }) => Math.min(first, openedAt), now);
  return {
    sessions: countBy(works.map(({ state }) => state)),
    agents: { ...live.agentCounts, running: works.filter(({ hasAgent }) => hasAgent).length },
    queued: sumOf(works, ({ queued }) => queued),
    uncommitted: sumOf(works, ({ uncommitted }) => uncommitted),
    requests: countBy(requests.map(({ type }) => type)),
    oldestRequestMs: now - oldest,
    isStorageInTrouble: storage.isInTrouble,
    ...addUnread([...works, ...tails]),
    joint: addUnread(news.unread()),
  };
}

function addUnread(logs: readonly UnreadEvents[]): UnreadEvents {
  return {
    subscribers: sumOf(logs, ({ subscribers }) => subscribers),
    waitingBytes: sumOf(logs, ({ waitingBytes }) => waitingBytes),
    maxLag: logs.reduce((max, { maxLag }) => Math.max(max, maxLag), 0),
  };
}

function sumOf<Item>(items: readonly Item[], numberOf: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + numberOf(item), 0);
}

function countBy<Name extends string>(
  names: readonly Name[],
): Partial<Record<Name, number>> & Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts as Partial<Record<Name, number>> & Record<string, number>;
}
