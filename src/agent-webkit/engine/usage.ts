import { sumUsd } from './sum-usd.js';

/** A UTC day as `YYYY-MM-DD`. */
export type Day = string;

/** A cost and the tokens it is for. */
export interface UsageAmounts {
  /** In US dollars. */
  readonly costUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheCreationTokens: number;
  /** The number of turns that ended. A turn of several models is counted for the one that cost most. */
  readonly turns: number;
}

/** The usage of one model by the sessions of one owner on one day. */
export interface UsageRow extends UsageAmounts {
  readonly day: Day;
  /** The name of the model; `unknown` for a cost that the agent did not report by model. */
  readonly model: string;
}

/** The usage that an event adds to that of the owner of its session. */
export interface NewUsage extends UsageRow {
  /** The seq of the event. */
  readonly seq: number;
}

/** The model of a cost that the agent did not report by model, such as that of a turn that was cut off. */
export const UNKNOWN_MODEL = 'unknown';

/**
 * Stores the usage of owners by day and model. Appends of events add it. It is independent of the sessions: a
 * deletion of the session does not remove it.
 */
export interface UsageStore {
  /** Returns up to `limit` rows of an owner, of the days from `from` to `to`, both included, in any order. */
  read(owner: string, from: Day, to: Day, limit: number): Promise<UsageRow[]>;
  /** Returns what the sessions of an owner cost on a day, in US dollars. */
  costUsd(owner: string, day: Day): Promise<number>;
  /** Removes the rows of all owners of the days before this one. */
  trim(before: Day): Promise<void>;
}

/** Returns the UTC day of a time in ISO 8601. */
export function dayOf(time: string): Day {
  return time.slice(0, 'YYYY-MM-DD'.length);
}

export const NO_USAGE: UsageAmounts = {
  costUsd: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheCreationTokens: 0,
  turns: 0,
};

/** Returns the sum of two amounts. */
export function addUsage(a: UsageAmounts, b: UsageAmounts): UsageAmounts {
  return {
    costUsd: sumUsd(a.costUsd, b.costUsd),
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheCreationTokens: a.cacheCreationTokens + b.cacheCreationTokens,
    turns: a.turns + b.turns,
  };
}
