import { afterEach, describe, expect, it } from '@jest/globals';
import { AgentClient } from '../../../src/client.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { eventually } from '../../support/eventually.js';
import { invalid } from '../../support/refused.js';
import { init, result } from '../../support/sdk-messages.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const ANN = { authorization: 'Bearer ann' };
const BEN = { authorization: 'Bearer ben' };
const TODAY = new Date().toISOString().slice(0, 10);

/** The report of the agent about one model. */
const used = (costUSD: number) => ({
  inputTokens: 10,
  outputTokens: 2,
  cacheReadInputTokens: 300,
  cacheCreationInputTokens: 40,
  costUSD,
});

describe.each(ADAPTERS)('GET /usage on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    const auth = { tokens: ['ann:ann', 'ben:ben'] };
    ({ server, agents } = await startFakeApp({ auth, ...options }, { adapter, headers: ANN }));
  };
  afterEach(() => server.close());

  const usage = async (query = '', headers = ANN) =>
    (await server.request('GET', `/usage${query}`, undefined, headers)).body;
  /** Plays a turn of a session, in which its agent uses these models. */
  const turn = async (id: string, models: Record<string, number>, headers = ANN) => {
    const { total_cost_usd: before } = await server.info(id);
    const message = { type: 'user_message', content: 'go' };
    await server.request('POST', `/sessions/${id}/input`, message, headers);
    const agent = agents.newest();
    await agent.received(1);
    const since = Object.fromEntries(
      Object.entries(models).map(([model, usd]) => [model, used(usd)]),
    );
    agent.say(init(), Object.assign(result(), { model_usage_since_last_result: since }));
    await eventually(async () => (await server.info(id))['total_cost_usd'] !== before);
  };

  it('adds up the models of all turns of the day, for the owner of the sessions alone', async () => {
    await start();
    const first = await server.createSession();
    await turn(first, { opus: 0.5, haiku: 0.25 });
    const second = await server.createSession();
    await server.request('PUT', `/sessions/${second}/members`, {
      members: [{ id: 'ben', role: 'contributor' }],
    });
    await turn(second, { opus: 0.1 }, BEN);

    const expected = {
      from: new Date(Date.parse(TODAY) - 29 * 86_400_000).toISOString().slice(0, 10),
      to: TODAY,
      usage: [
        { day: TODAY, model: 'haiku', cost_usd: 0.25, turns: 0, ...tokens(1) },
        { day: TODAY, model: 'opus', cost_usd: 0.6, turns: 2, ...tokens(2) },
      ],
      budget: null,
    };
    expect(await usage()).toEqual(expected);
    expect(await new AgentClient({ url: server.url, token: 'ann' }).usage()).toEqual(expected);
    expect(await server.registry.usage({ id: 'ann' }, { to: TODAY })).toMatchObject({
      usage: [{ costUsd: 0.25 }, { costUsd: 0.6, cacheReadTokens: 600 }],
    });
    expect(await usage('', BEN)).toMatchObject({ usage: [] });
  });

  it('keeps the usage of a session that was deleted', async () => {
    await start();
    const id = await server.createSession();
    await turn(id, { opus: 0.5 });
    await server.request('DELETE', `/sessions/${id}`);
    expect(await usage(`?from=${TODAY}&to=${TODAY}`)).toMatchObject({
      usage: [{ model: 'opus', cost_usd: 0.5, turns: 1 }],
    });
    expect(await usage('?from=2020-02-28&to=2020-03-01')).toEqual({
      from: '2020-02-28',
      to: '2020-03-01',
      usage: [],
      budget: null,
    });
  });

  it('contains the last 30 days up to a given one, and up to 366 days', async () => {
    await start();
    expect(await usage('?to=2024-03-01')).toMatchObject({ from: '2024-02-01', to: '2024-03-01' });
    expect(await usage('?from=2024-01-01&to=2024-12-31')).toMatchObject({ usage: [] });
  });

  it.each([
    ['from', 'from=yesterday'],
    ['from', 'from='],
    ['from', 'from=2026-02-29'],
    ['from', 'from=2026-1-01'],
    ['from', 'from=2026-01-01T00:00:00Z'],
    ['from', 'from=2026-01-01%0A'],
    ['from', 'from=2026-01-01&from=2026-01-02'],
    ['from', 'from=2026-01-02&to=2026-01-01'],
    ['from', 'from=2025-01-01&to=2026-01-02'],
    ['from', 'from=0000-01-01'],
    ['from', 'from=9999-01-01'],
    ['to', 'to=2026-13-01'],
    ['to', 'to=+10000-01-01'],
    ['to', 'to=0001-01-01'],
  ])('answers 400 when %s is invalid: %s', async (field, query) => {
    await start();
    expect(await server.request('GET', `/usage?${query}`)).toMatchObject(invalid(field));
  });

  it('answers 401 without a token', async () => {
    await start();
    const answer = await server.request('GET', '/usage', undefined, { authorization: '' });
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  });
});

function tokens(count: number) {
  return {
    input_tokens: 10 * count,
    output_tokens: 2 * count,
    cache_read_input_tokens: 300 * count,
    cache_creation_input_tokens: 40 * count,
  };
}
