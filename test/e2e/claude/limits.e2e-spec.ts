import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { ClaudeApp } from './claude-app.js';

describe('Limits of the real agent', () => {
  let app: ClaudeApp;
  afterEach(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('end a turn at the limit of turns, and the next message runs', async () => {
    app = await ClaudeApp.start('express', {
      agent: { maxTurns: 1, permissionModes: ['acceptEdits'] },
    });
    const tab = await app.open();
    expect(await tab.turn('bash touch made')).toMatchObject({
      subtype: 'error_max_turns',
      is_error: true,
    });
    expect(await tab.turn('hello')).toMatchObject({ subtype: 'success' });
    expect(tab.said().at(-1)).toBe('heard hello');
    await tab.session.close();
  });

  it('keep sub-agents to the permitted models', async () => {
    const model = 'claude-haiku-4-5';
    app = await ClaudeApp.start('express', { agent: { model, models: ['claude-sonnet-4-5'] } });
    const tab = await app.open();
    const input = { description: 'test', prompt: 'sub-agent', subagent_type: 'general-purpose' };
    await tab.turn(`use Agent ${JSON.stringify({ ...input, model: 'opus' })}`);
    await eventually(() => app.asked('sub-agent').length > 0);
    expect(app.asked('sub-agent').map((request) => request.model)).toEqual([model]);
    await tab.session.close();
  });

  it('end every turn at the limit of cost, also after the session was dormant', async () => {
    app = await ClaudeApp.start('express', {
      agent: { maxBudgetUsd: 0.000_001 },
      timeouts: { idleTimeoutMs: 50 },
    });
    const tab = await app.open();
    expect(await tab.turn('hello')).toMatchObject({
      subtype: 'error_max_budget_usd',
      is_error: true,
    });
    const seen = tab.lastId;
    tab.session.detach();
    await app.reaches(tab.id, 'dormant');
    const back = app.attach(tab.id, seen);
    expect(await back.turn('again')).toMatchObject({ subtype: 'error_max_budget_usd' });
    await back.session.close();
  });
});
