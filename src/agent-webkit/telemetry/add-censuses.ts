import type { AgentCounts, Census, UnreadEvents } from '../engine/census.js';

/** Adds up what several engines of a process have. Ages and lags are those of the largest. */
export function addCensuses(all: readonly Census[]): Census {
  const sum = (of: (census: Census) => number) => all.reduce((total, one) => total + of(one), 0);
  const max = (of: (census: Census) => number) => Math.max(0, ...all.map(of));
  const agents = (name: keyof AgentCounts) => sum((one) => one.agents[name]);
  return {
    sessions: sumEach(all.map(({ sessions }) => sessions)),
    agents: {
      running: agents('running'),
      warm: agents('warm'),
      free: agents('free'),
      max: agents('max'),
      waiting: agents('waiting'),
    },
    queued: sum((one) => one.queued),
    uncommitted: sum((one) => one.uncommitted),
    requests: sumEach(all.map(({ requests }) => requests)),
    oldestRequestMs: max((one) => one.oldestRequestMs),
    isStorageInTrouble: all.some((one) => one.isStorageInTrouble),
    ...addUnread(all),
    joint: addUnread(all.map(({ joint }) => joint)),
  };
}

function addUnread(all: readonly UnreadEvents[]): UnreadEvents {
  return {
    subscribers: all.reduce((sum, one) => sum + one.subscribers, 0),
    waitingBytes: all.reduce((sum, one) => sum + one.waitingBytes, 0),
    maxLag: Math.max(0, ...all.map(({ maxLag }) => maxLag)),
  };
}

function sumEach<Name extends string>(
  counts: readonly Readonly<Partial<Record<Name, number>>>[],
): Record<Name, number> {
  const sums = {} as Record<Name, number>;
  for (const one of counts) {
    for (const [name, count] of Object.entries(one) as [Name, number][]) {
      sums[name] = (sums[name] ?? 0) + count;
    }
  }
  return sums;
}
