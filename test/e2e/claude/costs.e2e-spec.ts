import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SqliteStorage } from '../../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import type { Usage } from '../../../src/agent-webkit/protocol/answers.js';
import { eventually } from '../../support/eventually.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

/** The price of one answer of the fake model: 1,000 tokens of input and 100 of output. */
const ANSWER_USD = 0.0045;

const answers = (usd: unknown) => Number((Number(usd) / ANSWER_USD).toFixed(3));

/** Returns the cost of a turn and of the session, in answers of the model. */
function costs({ total_cost_usd: turn, session_cost_usd: session }: Record<string, unknown>) {
  return [turn, session].map(answers);
}

describe('The costs of a session', () => {
  let folder: string;
  let app: ClaudeApp;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-webkit-'));
    app = await ClaudeApp.start('express', {
      storage: new SqliteStorage({ file: join(folder, 'sessions.db') }),
      timeouts: { idleTimeoutMs: 50 },
      agent: { model: 'claude-sonnet-4-5', maxBudgetUsd: 4.5 * ANSWER_USD },
    });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });

  const sleep = async (tab: Tab): Promise<Tab> => {
    const { lastId } = tab;
    tab.session.detach();
    await app.reaches(tab.id, 'dormant');
    return app.attach(tab.id, lastId);
  };

  it('are what the model charged, and end at the budget, over a stop, a kill and /clear', async () => {
    const before = app.api.requests.length;
    let tab = await app.open();
    expect(costs(await tab.turn('one'))).toEqual([1, 1]);
    tab = await sleep(tab);
    expect(costs(await tab.turn('two'))).toEqual([1, 2]);
    await app.killAgent(tab.id);
    await tab.next('error');
    expect(costs(await tab.turn('three'))).toEqual([1, 3]);
    expect(costs(await tab.turn('/clear'))).toEqual([0, 3]);
    // 1.5 answers are left. The agent notices that after the second one.
    const last = await tab.turn('bash true');
    expect([last['subtype'], ...costs(last)]).toEqual(['error_max_budget_usd', 2, 5]);
    expect(app.api.requests.length - before).toBe(5);

    // Nothing is left: neither this agent nor another one asks the model again.
    for (const isAsleep of [false, true]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      if (isAsleep) tab = await sleep(tab);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await tab.turn('more')).toMatchObject({
        subtype: 'error_max_budget_usd',
        is_error: true,
        total_cost_usd: 0,
      });
    }
    expect(app.api.requests.length - before).toBe(5);
    await eventually(async () => (await app.processes(tab.id)).length === 0);
    expect((await app.server.info(tab.id))['total_cost_usd']).toBeCloseTo(5 * ANSWER_USD);
    await tab.session.close();
  });

  it('include a turn that is cut off by a kill', async () => {
    const tab = await app.open();
    await tab.turn('one');
    await tab.session.send('bash touch two');
    await tab.asked();
    await app.killAgent(tab.id);
    await tab.next('error');
    await tab.until(() => tab.all('result').length === 2);
    expect(tab.all('result').map(costs)).toEqual([
      [1, 1],
      [1, 2],
    ]);
    expect(costs(await tab.turn('three'))).toEqual([1, 3]);
    await tab.session.close();
  });

  it('are the usage of their owner by model, with every turn once, also of deleted sessions', async () => {
    const { usage } = (await app.server.request('GET', '/usage')).body as unknown as Usage;
    const row = (model: string) => usage.find((each) => each.model === model);
    expect(usage.map(({ model }) => model)).toEqual(['claude-sonnet-4-5', 'unknown']);
    expect(answers(row('claude-sonnet-4-5')?.cost_usd)).toBe(7);
    expect(row('claude-sonnet-4-5')).toMatchObject({ input_tokens: 7000, output_tokens: 700 });
    // The turn that was cut off.
    expect(answers(row('unknown')?.cost_usd)).toBe(1);
    expect(usage.reduce((sum, { turns }) => sum + turns, 0)).toBe(10);
  });
});
