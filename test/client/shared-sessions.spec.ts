import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { scriptedSdkFactory } from '../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import { RequestsStore } from '../../src/agent-webkit-react/requests-store.js';
import { SessionStore } from '../../src/agent-webkit-react/session-store.js';
import { SessionsStore } from '../../src/agent-webkit-react/sessions-store.js';
import type { Store } from '../../src/agent-webkit-react/store.js';
import { AgentClient, type AgentSession } from '../../src/client.js';
import { eventually } from '../support/eventually.js';
import { startApp, type TestApp } from '../support/start-app.js';

describe('sessions that are shared', () => {
  let app: TestApp;
  let owned: AgentSession;
  const leaving: (() => void)[] = [];
  beforeEach(async () => {
    const sdkFactory = scriptedSdkFactory(async (turn) => {
      await turn.useTool('Pay', { sum: 1 }, { run: () => 'paid' });
    });
    app = await startApp({
      auth: { tokens: ['ann:ann', 'bob:bob'] },
      agent: { sdkFactory },
      requests: { approvals: { Pay: { required: 2 } } },
    });
    owned = await connect('ann').create();
  });
  afterEach(async () => {
    for (const leave of leaving.splice(0)) leave();
    await app.close();
  });

  const connect = (token: string, callerId?: string) =>
    new AgentClient({
      url: app.url,
      token,
      headers: { connection: 'close' },
      ...(callerId !== undefined && { callerId }),
    });
  const share = async (...members: { id: string; role: string }[]) => {
    const path = `/sessions/${owned.id}/members`;
    const headers = { authorization: 'Bearer ann' };
    expect((await app.request('PUT', path, { members }, headers)).status).toBe(200);
  };
  const show = <View>(store: Store<View>): (() => View) => {
    leaving.push(store.subscribe(() => undefined));
    return store.getSnapshot;
  };
  const sessionsOf = (client: AgentClient) => show(new SessionsStore(client, () => undefined));
  const requestsOf = (client: AgentClient) => show(new RequestsStore(client, () => undefined));

  it('are shared by the client, without overwriting the change of another one', async () => {
    const bob = { id: 'bob', role: 'viewer' } as const;
    const eve = { id: 'eve', role: 'viewer' } as const;
    expect(await owned.setMembers([bob], { expectedMembers: [] })).toMatchObject({
      members: [bob],
    });
    await expect(owned.setMembers([eve], { expectedMembers: [] })).rejects.toMatchObject({
      name: 'ApiError',
      status: 409,
      code: 'members_changed',
    });
    expect((await connect('bob').attach(owned.id).info()).members).toEqual([bob]);
    expect(await owned.setMembers([])).toMatchObject({ members: [] });
  });

  it('reach a listener when they are shared, and when they no longer are', async () => {
    const heard: string[] = [];
    let isOpen = false;
    const leave = connect('bob').watch({
      onConnection: ({ state }) => (isOpen ||= state === 'open'),
      onUpdate: ({ event, session_id: id }) => {
        if (id === owned.id) heard.push(event);
      },
      onEnd: () => undefined,
    });
    leaving.push(leave);
    await eventually(() => isOpen);
    await share({ id: 'bob', role: 'viewer' });
    await eventually(() => heard.includes('session_shared'));
    await share();
    await eventually(() => heard.includes('session_unshared'));
  });

  it('are added to the list of a member, and removed from it', async () => {
    const view = sessionsOf(connect('bob'));
    await eventually(
      view,
      ({ connection, isLoading }) => connection.state === 'open' && !isLoading,
    );
    await share({ id: 'bob', role: 'viewer' });
    await eventually(view, ({ sessions }) => sessions.length === 1);
    expect(view().sessions).toMatchObject([{ session_id: owned.id, role: 'viewer' }]);
    await share();
    await eventually(view, ({ sessions }) => sessions.length === 0);
  });

  it('bring their open requests, and take them along', async () => {
    await owned.send('pay');
    await eventually(
      () => owned.info(),
      ({ pending }) => pending.length === 1,
    );
    const view = requestsOf(connect('bob'));
    await eventually(
      view,
      ({ connection, isLoading }) => connection.state === 'open' && !isLoading,
    );
    expect(view().requests).toEqual([]);
    await share({ id: 'bob', role: 'approver' });
    await eventually(view, ({ requests }) => requests.length === 1);
    await share();
    await eventually(view, ({ requests }) => requests.length === 0);
  });

  it('do not offer a request to a caller who has approved it, also not after a reload', async () => {
    await share({ id: 'bob', role: 'approver' });
    await owned.send('pay');
    const before = requestsOf(connect('bob'));
    const { requests } = await eventually(before, (view) => view.requests.length === 1);
    await requests[0]?.allow();
    await eventually(before, (view) => view.requests.length === 0);

    const after = requestsOf(connect('bob', 'bob'));
    await eventually(after, ({ isLoading }) => !isLoading);
    expect(after().requests).toEqual([]);
    const others = requestsOf(connect('ann'));
    await eventually(others, (view) => view.requests.length === 1);
    await others().requests[0]?.allow();
    await eventually(others, (view) => view.requests.length === 0);
  });

  it('recognize the approval of an owner without the option callerId', async () => {
    await owned.send('pay');
    const { pending } = await eventually(
      () => owned.info(),
      (info) => info.pending.length === 1,
    );
    for (const asked of pending) await owned.requestOf(asked).allow();
    const session = connect('ann').attach(owned.id);
    const view = show(new SessionStore(session, () => undefined));
    await eventually(view, ({ status }) => status === 'ready');
    expect(view().requests).toEqual([]);
  });
});
