import { describe, expect, it } from '@jest/globals';
import type { SDKMessage } from '../../../src/agent-webkit/engine/agent-client.js';
import { TurnCosts } from '../../../src/agent-webkit/engine/agent/turn-costs.js';

type Result = Extract<SDKMessage, { type: 'result' }>;

/** A result with a running total, and the costs of models since the previous result. */
function result(total: number, ...since: unknown[]): Result {
  const usage = Object.fromEntries(since.map((costUSD, index) => [`model ${index}`, { costUSD }]));
  return {
    type: 'result',
    total_cost_usd: total,
    ...(since.length > 0 && { model_usage_since_last_result: usage }),
  } as unknown as Result;
}

describe('TurnCosts', () => {
  it('counts what the agent states since its previous result, whatever its running total is', () => {
    const costs = new TurnCosts(3);
    // The total of an agent that was killed is behind that of the session, and the same as before.
    expect(costs.add(result(3, 0.5))).toBe(0.5);
    expect(costs.add(result(3.5, 0.25, 0.25))).toBe(0.5);
    // `/clear` resets the total.
    expect(costs.add(result(0, 0))).toBe(0);
    expect(costs.add(result(1, 1))).toBe(1);
    expect(costs.sessionUsd).toBe(5);
  });

  it('counts a result without usage as free', () => {
    const costs = new TurnCosts(3);
    const free = { ...result(7), model_usage_since_last_result: {} } as unknown as Result;
    expect(costs.add(free)).toBe(0);
    expect(costs.sessionUsd).toBe(3);
  });

  it('counts the difference of the totals for an agent that states nothing else', () => {
    const costs = new TurnCosts(3);
    expect(costs.add(result(3.5))).toBe(0.5);
    expect(costs.add(result(4.5))).toBe(1);
    expect(costs.add(result(0.25))).toBe(0.25);
    expect(costs.sessionUsd).toBe(4.75);
  });

  it('adds decimal fractions exactly', () => {
    const costs = new TurnCosts(0.1);
    expect(costs.add(result(0, 0.1, 0.2))).toBe(0.3);
    expect(costs.sessionUsd).toBe(0.4);
    expect(costs.add(result(0, 0.2))).toBe(0.2);
    expect(costs.sessionUsd).toBe(0.6);
    const differences = new TurnCosts(0.1);
    expect(differences.add(result(0.3))).toBe(0.2);
    expect(differences.add(result(0.7))).toBe(0.4);
    expect(differences.sessionUsd).toBe(0.7);
  });

  it('counts the price of a single cheap token', () => {
    const costs = new TurnCosts(1000);
    expect(costs.add(result(0, 0.000_000_03))).toBe(0.000_000_03);
    expect(costs.sessionUsd).toBe(1000.000_000_03);
  });

  it.each([[-1], [Number.NaN], ['1'], [null]])('does not trust a stated cost of %p', (cost) => {
    const costs = new TurnCosts(1);
    expect(costs.add(result(2, 0.5, cost))).toBe(1);
  });
});
