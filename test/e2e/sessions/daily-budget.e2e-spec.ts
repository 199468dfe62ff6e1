import { afterEach, describe, expect, it } from '@jest/globals';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { refused } from '../../support/refused.js';
import { init, result } from '../../support/sdk-messages.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const ANN = { authorization: 'Bearer ann' };
const BEN = { authorization: 'Bearer ben' };
const usageOf = (costUSD: number) => ({ model_usage_since_last_result: { opus: { costUSD } } });

describe.each(ADAPTERS)('The budget of an owner for a day on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (agent: object = { maxBudgetUsdPerDay: 2 }) => {
    const auth = { tokens: ['ann:ann', 'ben:ben'] };
    ({ server, agents } = await startFakeApp({ auth, agent }, { adapter, headers: ANN }));
  };
  afterEach(() => server.close());

  const say = (id: string, headers = ANN) =>
    server.request(
      'POST',
      `/sessions/${id}/input`,
      { type: 'user_message', content: 'go' },
      headers,
    );
  const spend = async (id: string, usd: number) => {
    expect((await say(id)).status).toBe(204);
    const agent = agents.newest();
    await agent.received(1);
    agent.say(init(), Object.assign(result(), usageOf(usd)));
    await eventually(async () => (await server.info(id))['total_cost_usd'] === usd);
  };
  const budget = async (headers = ANN) =>
    (await server.request('GET', '/usage', undefined, headers)).body['budget'];

  it('answers 429 with the time of the reset to further messages, also of members', async () => {
    await start();
    const id = await server.createSession();
    await server.request('PUT', `/sessions/${id}/members`, {
      members: [{ id: 'ben', role: 'contributor' }],
    });
    await spend(id, 2.25);
    const resets_at = new Date(new Date().setUTCHours(24, 0, 0, 0)).toISOString();
    expect(await budget()).toEqual({ max_usd: 2, spent_usd: 2.25, resets_at });
    const exhausted = refused(429, 'daily_budget_exhausted', new RegExp(`\\$2 .*${resets_at}`));
    const answer = await say(id);
    expect(answer).toMatchObject(exhausted);
    const left = (Date.parse(resets_at) - Date.now()) / 1000;
    expect(Math.abs(Number(answer.headers.get('retry-after')) - left)).toBeLessThan(60);
    expect(await say(id, BEN)).toMatchObject(exhausted);

    const first = { message: 'go' };
    expect(await server.request('POST', '/sessions', first)).toMatchObject(exhausted);
    const { sessions } = (await server.request('GET', '/sessions')).body as { sessions: unknown[] };
    expect(sessions).toHaveLength(1);

    expect(await budget(BEN)).toEqual({ max_usd: 2, spent_usd: 0, resets_at });
    const own = await server.request('POST', '/sessions', first, BEN);
    expect(own.status).toBe(200);
  });

  it('is null in the usage of a server without one', async () => {
    await start({});
    expect(await budget()).toBeNull();
  });
});

describe('The budget of an owner for a day', () => {
  it('needs a storage with usage', async () => {
    const { durable, events, records } = new MemoryStorage();
    await expect(
      startFakeApp({ storage: { durable, events, records }, agent: { maxBudgetUsdPerDay: 2 } }),
    ).rejects.toThrow("option 'storage' must be a storage with `usage`");
  });

  it('replaces a warm agent that may spend more than what is left', async () => {
    const agent = { maxBudgetUsdPerDay: 2, warmPool: 1 };
    const { server, agents } = await startFakeApp({ agent });
    await eventually(() => agents.agents.length === 1);
    expect(agents.agents[0]?.start.maxBudgetUsd).toBe(2);
    const first = await server.createSession();
    await server.say(first, 'go');
    await agents.agents[0]?.received(1);
    agents.agents[0]?.say(init(), Object.assign(result(), usageOf(1.5)));
    await eventually(async () => (await server.info(first))['total_cost_usd'] === 1.5);

    await eventually(() => agents.agents.length === 2);
    const second = await server.createSession();
    await server.say(second, 'go');
    await eventually(() => agents.agents[1]?.isClosed === true);
    const bounded = await eventually(
      () => agents.agents.find(({ start }) => start.maxBudgetUsd === 0.5),
      (found) => found !== undefined,
    );
    await bounded?.received(1);
    await server.close();
  });
});
