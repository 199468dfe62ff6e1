import { DailyBudgetExhaustedError } from './errors.js';
import { sumUsd } from './sum-usd.js';
import { dayOf, type UsageStore } from './usage.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The state of an owner's budget of the day. */
export interface DailyBudgetState {
  readonly maxUsd: number;
  readonly spentUsd: number;
  /** The beginning of the next UTC day. */
  readonly resetsAt: Date;
}

/**
 * The budget of each owner for a UTC day, over all sessions and all servers that share the storage. It counts the costs that are
 * stored: turns that run at the same time do not see each other's.
 */
export class DailyBudget {
  readonly maxUsd: number;
  readonly #usage: Pick<UsageStore, 'costUsd'>;
  readonly #now: () => number;

  /** @param now returns the time in milliseconds since 1970 */
  constructor(maxUsd: number, usage: Pick<UsageStore, 'costUsd'>, now: () => number = Date.now) {
    this.maxUsd = maxUsd;
    this.#usage = usage;
    this.#now = now;
  }

  /** Reads the state of an owner's budget. */
  async read(owner: string): Promise<DailyBudgetState> {
    const now = this.#now();
    const spentUsd = await this.#usage.costUsd(owner, dayOf(new Date(now).toISOString()));
    return { maxUsd: this.maxUsd, spentUsd, resetsAt: new Date(now - (now % DAY_MS) + DAY_MS) };
  }

  /** @throws DailyBudgetExhaustedError when an owner has nothing left for today */
  async assertLeft(owner: string): Promise<void> {
    const state = await this.read(owner);
    if (leftUsd(state) > 0) return;
    const seconds = Math.ceil((state.resetsAt.getTime() - this.#now()) / 1000);
    throw new DailyBudgetExhaustedError(
      state.maxUsd,
      Math.max(1, seconds),
      state.resetsAt.toISOString(),
    );
  }
}

/** Returns what is left of a budget, in US dollars; 0 or less when it is used up. */
export function leftUsd({ maxUsd, spentUsd }: DailyBudgetState): number {
  return sumUsd(maxUsd, -spentUsd);
}
