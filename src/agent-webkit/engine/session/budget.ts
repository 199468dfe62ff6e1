import type { SessionConfig } from '../agent-client.js';
import { sumUsd } from '../sum-usd.js';

/**
 * Returns what a session may still spend, in US dollars: 0 or less when its budget is spent, undefined
 * when it has none. The last answer before the end of a budget may cost more than what was left.
 */
export function budgetLeft(
  { maxBudgetUsd }: Pick<SessionConfig, 'maxBudgetUsd'>,
  spentUsd: number,
): number | undefined {
  return maxBudgetUsd === undefined ? undefined : sumUsd(maxBudgetUsd, -spentUsd);
}
