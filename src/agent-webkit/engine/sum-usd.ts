/** The precision of costs: a ten-billionth of a US dollar, which is less than the price of any token. */
const DECIMALS = 10;

/** Returns the sum of costs in US dollars, without the noise of binary fractions: 0.1 and 0.2 are 0.3. */
export function sumUsd(...costs: readonly number[]): number {
  return Number(costs.reduce((sum, cost) => sum + cost, 0).toFixed(DECIMALS));
}
