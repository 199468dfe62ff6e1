import type { Query } from '@anthropic-ai/claude-agent-sdk';
import type { SDKMessage } from '../../engine/agent-client.js';

/**
 * Reads what an agent spent since its last result, after each of its messages, because a turn that is cut
 * off has no result. It is 0 while nothing is known: the figure must not be too high.
 *
 * Nothing is read for accounts with a subscription, because for those each reading is a request to the API.
 */
export class CostMeter {
  /** The agent's running total at its last result, or when its process was ready; null before that. */
  #baseUsd: number | null = null;
  #latestUsd = 0;
  /** Rises with each base, so that an older reading is dropped. */
  #period = 0;
  #isOff = false;

  get unreportedUsd(): number {
    return this.#baseUsd === null ? 0 : Math.max(0, this.#latestUsd - this.#baseUsd);
  }

  /** Call it when a process is ready, before it receives a message. */
  start(query: Query): void {
    this.#baseUsd = null;
    this.#latestUsd = 0;
    this.#isOff = false;
    this.#period += 1;
    void this.#read(query, (total) => {
      this.#baseUsd = total;
    });
  }

  observe(message: SDKMessage, query: Query): void {
    switch (message.type) {
      case 'result':
        return this.#setBase(message.total_cost_usd);
      case 'conversation_reset':
        return this.#setBase(0);
      case 'assistant':
        void this.#read(query, () => undefined);
        return;
      default:
        return;
    }
  }

  #setBase(total: number): void {
    this.#baseUsd = total;
    this.#latestUsd = total;
    this.#period += 1;
  }

  async #read(query: Query, onTotal: (total: number) => void): Promise<void> {
    if (this.#isOff) return;
    const period = this.#period;
    try {
      const usage = await query.usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET({
        skipBehaviors: true,
      });
      this.#isOff = usage.rate_limits_available;
      if (period !== this.#period) return;
      const { total_cost_usd: total } = usage.session;
      this.#latestUsd = Math.max(this.#latestUsd, total);
      onTotal(total);
    } catch {
      // The process has ended, or does not support this.
    }
  }
}
