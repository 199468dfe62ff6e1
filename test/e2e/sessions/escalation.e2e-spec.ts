import { afterEach, describe, expect, it } from '@jest/globals';
import type { SessionNotification } from '../../../src/agent-webkit/engine/notification.js';
import type { EscalateTo } from '../../../src/agent-webkit/engine/request-escalation.js';
import type { RequestDecision } from '../../../src/agent-webkit/engine/session/decision.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { DecisionCheck } from '../../../src/standalone/decision-check.js';
import { eventually } from '../../support/eventually.js';
import { refused } from '../../support/refused.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';
import type { SseClient } from '../../support/sse-client.js';

const as = (token: string) => ({ authorization: `Bearer ${token}` });

describe.each(ADAPTERS)('A request that is escalated on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let stream: SseClient;
  let notifications: SessionNotification[];
  let decisions: RequestDecision[];
  afterEach(() => server.close());

  const start = async (to: EscalateTo, more: Partial<AgentWebkitModuleOptions> = {}) => {
    notifications = [];
    decisions = [];
    ({ server, agents } = await startFakeApp(
      {
        auth: { tokens: ['ann:a', 'bob:b', 'cy:c'] },
        hooks: {
          canAccess: () => true,
          canAnswer: ({ owner, escalatedTo }, caller) =>
            caller.id === owner || escalatedTo.includes(caller.id),
          onDecision: (decision) => void decisions.push(decision),
        },
        requests: { escalation: { 'mcp__pay__*': { afterMs: 30, to } } },
        notify: (notification) => void notifications.push(notification),
        ...more,
      },
      { adapter, headers: as('a') },
    ));
    id = await server.createSession();
    stream = await server.stream(id);
  };
  const ask = () =>
    agents.newest().ask('mcp__pay__send', { amount: 'a secret' }, { toolUseID: 't1' });
  const allow = (token: string) => {
    const reply = { type: 'permission_response', correlation_id: 't1', behavior: 'allow' };
    return server.request('POST', `/sessions/${id}/input`, reply, as(token));
  };
  const pending = async () => (await server.info(id))['pending'];

  it('tells clients and webhooks to whom, and only those may answer it besides the owner', async () => {
    let goOn!: () => void;
    const isRefused = new Promise<void>((resolve) => (goOn = resolve));
    await start(async ({ owner }) => {
      await isRefused;
      return owner === 'ann' ? 'bob' : 'cy';
    });
    const answered = ask();
    const { data: opened } = await stream.next('permission_request');
    expect(opened).toMatchObject({ escalation: { at: expect.stringMatching(/Z$/) } });
    expect(await allow('b')).toMatchObject(refused(403, 'forbidden', /stays open/));
    goOn();
    const { data, id: eventId } = await stream.next('request_escalated');
    expect(data).toEqual({
      correlation_id: 't1',
      to: ['bob'],
      at: expect.stringMatching(/Z$/),
    });
    expect(await pending()).toMatchObject([{ escalated_to: ['bob'] }]);
    const { body: listed } = await server.request('GET', '/requests', undefined, as('a'));
    expect(listed).toMatchObject({ requests: [{ session_id: id, escalated_to: ['bob'] }] });
    await eventually(
      () => notifications.find(({ type }) => type === 'request.escalated'),
      (found) => found !== undefined,
    );
    expect(notifications.find(({ type }) => type === 'request.escalated')).toEqual({
      id: expect.any(String),
      type: 'request.escalated',
      timestamp: expect.any(String),
      data: {
        session_id: id,
        owner: 'ann',
        event_id: eventId,
        correlation_id: 't1',
        kind: 'permission',
        tool_name: 'mcp__pay__send',
        to: ['bob'],
      },
    });
    expect(await allow('c')).toMatchObject(refused(403, 'forbidden', /stays open/));
    expect((await allow('b')).status).toBe(204);
    expect(await answered).toMatchObject({ behavior: 'allow' });
    const response = await fetch(`${server.url}/sessions/${id}/decisions`, { headers: as('a') });
    const line = await response.text();
    expect(JSON.parse(line)).toMatchObject({ by: 'bob', escalated_to: ['bob'] });
    expect(decisions).toMatchObject([{ caller: { id: 'bob' }, escalatedTo: ['bob'] }]);
    expect(new DecisionCheck().add(line)).toBeNull();
  });

  it('stays open for its owner when the host cannot say to whom', async () => {
    let calls = 0;
    await start(() => {
      calls += 1;
      throw new Error('no directory');
    });
    const answered = ask();
    await eventually(() => calls === 1);
    expect(await pending()).toHaveLength(1);
    expect((await allow('a')).status).toBe(204);
    expect(await answered).toMatchObject({ behavior: 'allow' });
    expect((await stream.next('request_resolved')).data).not.toHaveProperty('escalated_to');
  });
});
