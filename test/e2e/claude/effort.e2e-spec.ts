import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClaudeApp } from './claude-app.js';

/** A model with a thinking budget, unlike newer ones. */
const BUDGETED = 'claude-haiku-4-5';

describe('The effort and the thinking budget of the real agent', () => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', {
      timeouts: { idleTimeoutMs: 50 },
      overrides: { effort: 'medium', thinking: { type: 'enabled', budgetTokens: 3000 } },
    });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const set = async (id: string, message: object) =>
    expect((await app.server.input(id, message)).status).toBe(204);
  const asked = (text: string) => app.asked(text).at(-1);

  it('reach the model from the next turn on, later agents too, and are reset by null', async () => {
    let tab = await app.open();
    const effort = (level: string | null) => set(tab.id, { type: 'set_effort', effort: level });
    await tab.turn('as usual');
    await effort('low');
    expect(await tab.next('effort_changed')).toMatchObject({
      effort: 'low',
      max_thinking_tokens: null,
    });
    await tab.turn('with little effort');
    const seen = tab.lastId;
    tab.session.detach();
    await app.reaches(tab.id, 'dormant');
    expect(await app.server.info(tab.id)).toMatchObject({ effort: 'low' });

    tab = app.attach(tab.id, seen);
    await tab.turn('after a stop');
    await effort(null);
    await tab.turn('as ever');
    expect(await app.server.info(tab.id)).toMatchObject({ effort: null });
    expect(asked('as usual')?.outputConfig).toEqual({ effort: 'medium' });
    expect(asked('with little effort')?.outputConfig).toEqual({ effort: 'low' });
    expect(asked('after a stop')?.outputConfig).toEqual({ effort: 'low' });
    expect(asked('as ever')?.outputConfig).toEqual({ effort: 'medium' });
    await tab.session.close();
  });

  it('limit the thinking of a model with a budget', async () => {
    let tab = await app.open({ model: BUDGETED });
    const limit = (tokens: number | null) =>
      set(tab.id, { type: 'set_max_thinking_tokens', max_thinking_tokens: tokens });
    await tab.turn('think as usual');
    await limit(0);
    await tab.turn('think not');
    await limit(2000);
    await tab.turn('think less');
    const seen = tab.lastId;
    tab.session.detach();
    await app.reaches(tab.id, 'dormant');

    tab = app.attach(tab.id, seen);
    await tab.turn('think less again');
    await limit(null);
    await tab.turn('think as ever');
    expect(asked('think as usual')?.thinking).toMatchObject({ budget_tokens: 3000 });
    expect(asked('think not')?.thinking).toMatchObject({ type: 'disabled' });
    expect(asked('think less')?.thinking).toMatchObject({ budget_tokens: 2000 });
    expect(asked('think less again')?.thinking).toMatchObject({ budget_tokens: 2000 });
    expect(asked('think as ever')?.thinking).toMatchObject({ budget_tokens: 3000 });
    await tab.session.close();
  });
});
