import { afterEach, describe, expect, it } from '@jest/globals';
import { metrics as globalMetrics } from '@opentelemetry/api';
import type { Script } from '../../../src/agent-webkit/agents/scripted/script.js';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { MeterProviderLike } from '../../../src/agent-webkit/options/groups/telemetry.js';
import { eventually } from '../../support/eventually.js';
import { MeteredProcess } from '../../support/metric-reader.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { JointClient } from '../../support/joint-client.js';
import { ADAPTERS, startApp, type StartAppOptions, type TestApp } from '../../support/start-app.js';

const script: Script = async (turn) => {
  turn.spend(0.25);
  await turn.say('First I look.');
  await turn.useTool('Look', {}, { run: () => 'seen' });
};

const apps: TestApp[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  globalMetrics.disable();
});

async function start(
  metrics?: boolean | MeterProviderLike,
  options: AgentWebkitModuleOptions = {},
  settings: StartAppOptions = {},
): Promise<TestApp> {
  const app = await startApp(
    {
      agent: { sdkFactory: scriptedSdkFactory(script), maxAgents: 7 },
      ...(metrics !== undefined && { telemetry: { metrics } }),
      ...options,
    },
    settings,
  );
  apps.push(app);
  return app;
}

/** Plays a turn up to its request, and returns how to end it. */
async function askIn(app: TestApp, id: string): Promise<() => Promise<void>> {
  await app.say(id, 'a secret question');
  const [asked] = await eventually(
    async () => (await app.info(id))['pending'] as { correlation_id: string }[],
    (pending) => pending.length > 0,
  );
  const correlation_id = asked?.correlation_id;
  return async () => {
    await app.input(id, { type: 'permission_response', correlation_id, behavior: 'allow' });
    await eventually(async () => (await app.info(id))['state'] === 'idle');
  };
}

describe('the metrics of the module', () => {
  it('count sessions, agents and requests as they are now', async () => {
    const metered = new MeteredProcess();
    const app = await start(metered.provider);
    const id = await app.createSession();
    const end = await askIn(app, id);
    const stream = await app.stream(id);
    await stream.next('permission_request');
    const state = (name: string) =>
      metered.read('agent_webkit.sessions', { 'agent_webkit.session.state': name });
    const type = { 'agent_webkit.request.type': 'permission_request' };
    expect(await state('awaiting')).toBe(1);
    expect(
      await metered.read('agent_webkit.agents', { 'agent_webkit.agent.state': 'running' }),
    ).toBe(1);
    expect(await metered.read('agent_webkit.agents', { 'agent_webkit.agent.state': 'free' })).toBe(
      6,
    );
    expect(await metered.read('agent_webkit.agents.limit')).toBe(7);
    expect(await metered.read('agent_webkit.requests.open', type)).toBe(1);
    expect(await metered.read('agent_webkit.requests.oldest_age')).toBeGreaterThanOrEqual(0);
    const subscribers = (scope: string) =>
      metered.read('agent_webkit.subscribers', { 'agent_webkit.stream.scope': scope });
    expect([await subscribers('session'), await subscribers('caller')]).toEqual([1, 0]);
    const joint = await JointClient.open(`${app.url}/stream`);
    expect([await subscribers('session'), await subscribers('caller')]).toEqual([1, 1]);
    joint.close();
    await eventually(async () => (await subscribers('caller')) === 0);
    expect(await metered.read('agent_webkit.storage.outage')).toBe(0);
    await end();
    expect(await state('awaiting')).toBe(0);
    expect(await state('idle')).toBe(1);
    expect(await metered.read('agent_webkit.requests.open', type)).toBe(0);
    expect(await metered.read('agent_webkit.requests.oldest_age')).toBe(0);
  });

  it('measure a turn: its durations, its tool call, its request, its cost and its events', async () => {
    const metered = new MeteredProcess();
    const app = await start(metered.provider);
    const id = await app.createSession();
    await (
      await askIn(app, id)
    )();
    for (const name of [
      'agent_webkit.turn.duration',
      'agent_webkit.turn.queue.duration',
      'agent_webkit.turn.time_to_first_token',
      'agent_webkit.tool.duration',
      'agent_webkit.request.duration',
      'agent_webkit.agent.start.duration',
    ]) {
      expect([name, await metered.read(name)]).toEqual([
        name,
        expect.objectContaining({ count: 1 }),
      ]);
    }
    expect(await metered.read('agent_webkit.messages.accepted')).toBe(1);
    expect(await metered.read('agent_webkit.cost')).toBe(0.25);
    expect(await metered.read('agent_webkit.events.appended')).toBe(
      (await app.info(id))['last_id'],
    );
    expect(await metered.read('agent_webkit.commit.duration')).toMatchObject({
      count: expect.any(Number),
    });
  });

  it.each(ADAPTERS)('count each rejected request once, by its code, on %s', async (adapter) => {
    const metered = new MeteredProcess();
    const app = await start(
      metered.provider,
      { auth: { tokens: ['ann:a'] } },
      { adapter, admin: { tokens: ['ops:o'] } },
    );
    const ann = { authorization: 'Bearer a' };
    const id = String((await app.request('POST', '/sessions', {}, ann)).body['session_id']);
    const text = { ...ann, 'content-type': 'text/plain' };
    const requests: Parameters<TestApp['request']>[] = [
      ['GET', '/sessions'],
      ['GET', '/stream'],
      ['GET', '/admin/sessions', undefined, ann],
      ['GET', '/sessions/unknown', undefined, ann],
      ['GET', '/sessions/unknown/stream', undefined, ann],
      ['GET', `/sessions/${id}/stream?last_event_id=x`, undefined, ann],
      ['GET', `/sessions/${id}/stream?last_event_id=999`, undefined, ann],
      ['GET', `/sessions/${id}/events?after=999`, undefined, ann],
      ['GET', '/stream?last_event_id=x', undefined, ann],
      ['GET', '/sessions?limit=0', undefined, ann],
      ['GET', '/requests?cursor=x', undefined, ann],
      ['GET', '/usage?from=x', undefined, ann],
      ['POST', '/sessions', { model: 7 }, ann],
      ['POST', '/sessions', 'hello', text],
      ['POST', '/sessions', {}, { ...ann, 'idempotency-key': 'k'.repeat(256) }],
      ['POST', `/sessions/${id}/input`, { type: 'interrupt', by: 'me' }, text],
      ['POST', `/sessions/${id}/input`, { type: 'stop_task', task_id: 'x' }, ann],
      ['DELETE', `/sessions/${id}/queue/x`, undefined, ann],
      ['PUT', '/sessions/unknown/members', { members: [] }, ann],
    ];
    const sent: Record<string, number> = {};
    for (const request of requests) {
      const { status, body } = await app.request(...request); // oxlint-disable-line no-await-in-loop -- each
      const code = String(body['code']);
      expect([request, status >= 400, code]).toEqual([
        request,
        true,
        expect.stringMatching(/_|d$/),
      ]);
      sent[code] = (sent[code] ?? 0) + 1;
    }
    expect(Object.keys(sent).length).toBeGreaterThan(4);
    const { points = [] } = (await metered.collect()).get('agent_webkit.refusals') ?? {};
    const counted = points.map(({ attributes, value }) => [attributes['error.type'], value]);
    expect(Object.fromEntries(counted)).toEqual(sent);
  });

  it('have no id, owner or content in their attributes', async () => {
    const metered = new MeteredProcess();
    const app = await start(metered.provider);
    const id = await app.createSession();
    await (
      await askIn(app, id)
    )();
    await app.request('GET', '/sessions/unknown');
    const attributes = [...(await metered.collect()).values()].flatMap(({ points }) =>
      points.map((point) => point.attributes),
    );
    expect(attributes.length).toBeGreaterThan(20);
    expect(JSON.stringify(attributes)).not.toMatch(
      new RegExp(`${id}|anonymous|secret|unknown"|Look|First`),
    );
  });

  it('are those of the registered MeterProvider by default, and none with `false`', async () => {
    const metered = new MeteredProcess();
    globalMetrics.setGlobalMeterProvider(metered.provider);
    await start(false);
    expect(await metered.read('agent_webkit.agents.limit')).toBeNull();
    await start();
    expect(await metered.read('agent_webkit.agents.limit')).toBe(7);
  });
});
