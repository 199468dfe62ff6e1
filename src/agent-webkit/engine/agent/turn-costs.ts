import { isRecord } from '../../protocol/is-record.js';
import type { SDKMessage } from '../agent-client.js';
import { sumUsd } from '../sum-usd.js';

type Result = Extract<SDKMessage, { type: 'result' }>;

/** The field of a result with the usage since the previous result. The SDK's types omit it. */
const USAGE = 'model_usage_since_last_result';

/**
 * Counts the cost of a session from the results of one agent, in US dollars.
 *
 * A result states what the agent spent since its previous result. Its running total does not show
 * that: a resumed agent continues the total that its transcript has saved, which an agent that was
 * killed did not save, and `/clear` resets it. Only for a result without that statement, the cost is
 * the difference of two totals, or the whole total when that is smaller than the one before.
 */
export class TurnCosts {
  #sessionUsd: number;
  /** The agent's running total at its last result. */
  #totalUsd: number;

  /** @param sessionUsd the cost of the session before this agent was started */
  constructor(sessionUsd: number) {
    this.#sessionUsd = sessionUsd;
    this.#totalUsd = sessionUsd;
  }

  /** The cost of the session so far. */
  get sessionUsd(): number {
    return this.#sessionUsd;
  }

  /** Adds the cost of a result, and returns it. */
  add(result: Result): number {
    const total = result.total_cost_usd;
    const sinceTotal = total >= this.#totalUsd ? sumUsd(total, -this.#totalUsd) : total;
    const cost = costOf(result) ?? sinceTotal;
    this.#totalUsd = total;
    this.#sessionUsd = sumUsd(this.#sessionUsd, cost);
    return cost;
  }
}

/** Returns the cost that a result states for the time since the previous one; undefined when it states none. */
function costOf(result: Result): number | undefined {
  const usage: unknown = USAGE in result ? result[USAGE] : undefined;
  if (!isRecord(usage)) return undefined;
  const costs = Object.values(usage).map((model) => (isRecord(model) ? model['costUSD'] : null));
  return costs.every(isCost) ? sumUsd(...costs) : undefined;
}

function isCost(cost: unknown): cost is number {
  return typeof cost === 'number' && Number.isFinite(cost) && cost >= 0;
}
