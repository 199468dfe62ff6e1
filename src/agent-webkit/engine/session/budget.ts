import type { WireEvent } from '../../protocol/events.js';
import type { AgentClient } from '../agent-client.js';
import { type DailyBudget, type DailyBudgetState, leftUsd } from '../daily-budget.js';
import type { EventLog } from '../event-log/event-log.js';
import type { SessionRecord } from '../storage.js';
import { sumUsd } from '../sum-usd.js';
import { retry } from '../timing/retry.js';
import { exhaustedResult } from './turn-events.js';

/** An agent is replaced when what it may spend differs from what is left by more than this share. */
const TOLERANCE = 0.1;

/**
 * The bound of what a session may spend: what is left of its own budget, and of its owner's budget of the day. The last answer before the
 * end of a budget may cost more than what was left.
 */
export class Budget {
  readonly #record: Pick<SessionRecord, 'id' | 'owner' | 'config'>;
  readonly #log: EventLog;
  readonly #daily: DailyBudget | null;
  readonly #closed = new AbortController();
  /** The state of the day's budget at the last check. */
  #today: DailyBudgetState | null = null;
  /** The bound of the newest agent, and what the session had spent when it was started. */
  #start: { readonly maxUsd: number | undefined; readonly spentUsd: number } | null = null;

  constructor(
    record: Pick<SessionRecord, 'id' | 'owner' | 'config'>,
    log: EventLog,
    daily: DailyBudget | null,
  ) {
    this.#record = record;
    this.#log = log;
    this.#daily = daily;
  }

  /** Ends the waiting for the storage, because the session leaves this server. {@link end} then rejects. */
  close(): void {
    this.#closed.abort();
  }

  /** Throws when the owner has nothing left for today. Returns nothing when there is no budget of a day. */
  assertLeft(): void | Promise<void> {
    return this.#daily?.assertLeft(this.#record.owner);
  }

  /**
   * Returns the result of a turn that a budget does not allow; null while something is left. Waits for the storage only if there
   * is a budget of the day, and for as long as the storage is away.
   */
  end(): WireEvent | null | Promise<WireEvent | null> {
    const { maxBudgetUsd } = this.#record.config;
    const left = this.#ownLeft();
    if (maxBudgetUsd !== undefined && left !== undefined && left <= 0) {
      return this.#result(`Reached maximum budget ($${maxBudgetUsd})`);
    }
    return this.#daily && this.#endOfDay(this.#daily);
  }

  /** Returns the bound of an agent that is started now; undefined for none. Call {@link end} before. */
  startAgent(): number | undefined {
    const maxUsd = this.#left();
    this.#start = { maxUsd, spentUsd: this.#log.state.spentUsd };
    return maxUsd;
  }

  /** True when an agent may spend more, or much less, than what is left. Call {@link end} before. */
  isOutdated({ maxBudgetUsd: actual }: Pick<AgentClient, 'maxBudgetUsd'>): boolean {
    const left = this.#left();
    if (!this.#daily || !this.#start || left === undefined) return false;
    const { spentUsd } = this.#start;
    const maxUsd = actual ?? this.#start.maxUsd ?? Number.POSITIVE_INFINITY;
    const allowed = maxUsd + spentUsd - this.#log.state.spentUsd;
    return Math.abs(allowed - left) > TOLERANCE * left;
  }

  async #endOfDay(daily: DailyBudget): Promise<WireEvent | null> {
    // The costs of this session are stored then.
    if (!this.#log.isCommitted) await this.#log.append();
    const today = await retry(() => daily.read(this.#record.owner), {
      signal: this.#closed.signal,
      isFinal: () => this.#closed.signal.aborted,
      onFailure: () => undefined, // reported by the storage's guard
    });
    this.#today = today;
    if (leftUsd(today) > 0) return null;
    const resets = today.resetsAt.toISOString();
    return this.#result(
      `Reached maximum budget of the day ($${today.maxUsd}). Resets at ${resets}.`,
    );
  }

  #result(reason: string): WireEvent {
    const { turn, costUsd } = this.#log.state;
    return exhaustedResult(this.#record.id, turn?.costUsd ?? 0, costUsd, reason);
  }

  #left(): number | undefined {
    const limits = [this.#ownLeft(), this.#today ? leftUsd(this.#today) : undefined];
    const known = limits.filter((limit) => limit !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  #ownLeft(): number | undefined {
    const { maxBudgetUsd } = this.#record.config;
    return maxBudgetUsd === undefined ? undefined : sumUsd(maxBudgetUsd, -this.#log.state.spentUsd);
  }
}
