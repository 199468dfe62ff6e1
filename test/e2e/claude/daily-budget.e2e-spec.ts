import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refused } from '../../support/refused.js';
import { ClaudeApp } from './claude-app.js';

/** The price of one answer of the fake model: 1,000 tokens of input and 100 of output. */
const ANSWER_USD = 0.0045;

describe('The budget of a day', () => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', {
      agent: { model: 'claude-sonnet-4-5', maxBudgetUsdPerDay: 2.5 * ANSWER_USD },
    });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('ends the turns of real agents, over all sessions of their owner', async () => {
    const [first, second] = [await app.open(), await app.open()];
    expect(await first.turn('one')).toMatchObject({ subtype: 'success' });
    // 1.5 answers are left for this agent, which was started when 2.5 were. It notices that after the second one.
    expect(await second.turn('bash true')).toMatchObject({ subtype: 'error_max_budget_usd' });
    expect(app.api.requests).toHaveLength(3);

    const message = { type: 'user_message', content: 'more' };
    const exhausted = refused(429, 'daily_budget_exhausted', /is used up. It resets at/);
    expect(await app.server.input(first.id, message)).toMatchObject(exhausted);
    expect(await app.server.input(second.id, message)).toMatchObject(exhausted);
    const { budget, usage } = (await app.server.request('GET', '/usage')).body;
    expect(budget).toMatchObject({ max_usd: 0.01125, spent_usd: 0.0135 });
    expect(usage).toMatchObject([{ model: 'claude-sonnet-4-5', turns: 2, input_tokens: 3000 }]);
    expect(app.api.requests).toHaveLength(3);
  });
});
