import type { SessionStateName } from '../protocol/events.js';

/** The events of a log that subscribers have not read. */
export interface UnreadEvents {
  readonly subscribers: number;
  /** The bytes that were published since each subscriber has read last, added up. */
  readonly waitingBytes: number;
  /** The largest number of events that a subscriber is behind. */
  readonly maxLag: number;
}

/** The open work of one session in memory. */
export interface SessionWork extends UnreadEvents {
  readonly state: SessionStateName;
  readonly hasAgent: boolean;
  readonly queued: number;
  /** The events that were appended and are not durable. */
  readonly uncommitted: number;
  /** The open requests: the name of the event of each, and when it was opened, in milliseconds since 1970. */
  readonly requests: readonly { readonly type: string; readonly openedAt: number }[];
}

/** The agents of a server. */
export interface AgentCounts {
  /** Those that sessions have. */
  readonly running: number;
  /** Those that were started ahead of their sessions. */
  readonly warm: number;
  /** How many more could start now, each without waiting for an agent that works. */
  readonly free: number;
  readonly max: number;
  /** The sessions that wait for one. */
  readonly waiting: number;
}

/** The sessions, agents and queues of a server at one moment, for gauges. Sessions that are only in the storage are not counted. */
export interface Census extends UnreadEvents {
  readonly sessions: Readonly<Partial<Record<SessionStateName, number>>>;
  readonly agents: AgentCounts;
  readonly queued: number;
  readonly uncommitted: number;
  /** The number of open requests by the name of their event. */
  readonly requests: Readonly<Record<string, number>>;
  /** The age of the oldest open request, in milliseconds; 0 without one. */
  readonly oldestRequestMs: number;
  /** True during an outage of the storage. */
  readonly isStorageInTrouble: boolean;
  /** The streams of all sessions of a caller. The other subscribers are those of single sessions. */
  readonly joint: UnreadEvents;
}
