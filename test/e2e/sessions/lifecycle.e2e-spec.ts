import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { eventually } from '../../support/eventually.js';
import { latch } from '../../support/latch.js';
import { refused } from '../../support/refused.js';
import { assistant, result, text } from '../../support/sdk-messages.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const INTERRUPT = { type: 'interrupt' };
const ABORTED = () => result({ subtype: 'error_during_execution', errors: ['aborted'] });

describe.each(ADAPTERS)('The life cycle of a session on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(options, { adapter }));
    return server.createSession();
  };
  /** Resolves when the session is dormant. */
  const becomesDormant = (id: string) =>
    eventually(async () => (await server.info(id))['state'] === 'dormant');
  /** Resolves when the newest agent has received a message. A short idle time may have stopped earlier ones. */
  const isReceived = (content: string) =>
    eventually(() => agents.newest().inputs.some((input) => input.content === content));
  afterEach(() => server.close());

  it('begins idle, is running during a turn, and returns to idle', async () => {
    const id = await start();
    expect(await server.info(id)).toMatchObject({ state: 'idle' });
    await server.say(id, 'hi');
    expect(await server.info(id)).toMatchObject({ state: 'running' });
    const stream = await server.stream(id);
    agents.newest().say(result({ cost: 0.25 }));
    await stream.next('result');
    expect(await server.info(id)).toMatchObject({ state: 'idle', total_cost_usd: 0.25 });
  });

  it('interrupts a running turn, and starts the next one after the interrupted turn has ended', async () => {
    const id = await start();
    const stream = await server.stream(id);
    await server.say(id, 'first');
    await server.say(id, 'second');
    const agent = agents.newest();
    await agent.received(1);
    const asked = agent.ask('Bash', {}, { toolUseID: 'open' });
    await stream.next('permission_request');
    expect((await server.input(id, INTERRUPT)).status).toBe(204);
    await agent.called('interrupt');
    expect(await asked).toMatchObject({ behavior: 'deny', interrupt: true });
    expect((await stream.next('request_resolved')).data['outcome']).toBe('cancelled');
    agent.say(assistant([text('still draining')]));
    await stream.next('message_complete');
    expect(agent.inputs).toHaveLength(1);
    agent.say(ABORTED());
    expect((await agent.received(2)).content).toBe('second');
    await stream.until(() => stream.names().filter((name) => name === 'turn_start').length === 2);
    expect(stream.names().slice(-2)).toEqual(['result', 'turn_start']);
  });

  it('ignores an interrupt between turns, and interrupts a turn once', async () => {
    const id = await start();
    expect((await server.input(id, INTERRUPT)).status).toBe(204);
    await server.say(id, 'hi');
    await agents.newest().received(1);
    await server.input(id, INTERRUPT);
    await server.input(id, INTERRUPT);
    expect(agents.newest().calls).toEqual(['interrupt']);
    expect(await server.info(id)).toMatchObject({ state: 'running', last_id: 3 });
  });

  it('passes no message to the agent when its turn was interrupted before the agent started', async () => {
    ({ server, agents } = await startFakeApp({ timeouts: { idleTimeoutMs: 10 } }, { adapter }));
    const { released, release } = latch();
    agents.prepare = (agent) => (agent.closing = released);
    const id = await server.createSession();
    await agents.newest().called('close');
    const stream = await server.stream(id);
    await server.say(id, 'interrupted early');
    await server.say(id, 'next');
    await stream.next('turn_start');
    await server.input(id, INTERRUPT);
    expect(agents.agents).toHaveLength(1);
    release();
    expect((await stream.next('result')).data).toMatchObject({
      subtype: 'error_during_execution',
      is_error: true,
    });
    await stream.next('turn_start');
    await eventually(() => agents.agents.length === 2);
    const second = agents.newest();
    expect((await second.received(1)).content).toBe('next');
    expect(second.inputs).toHaveLength(1);
  });

  it('stops an agent that ignores an interrupt, and continues with another one', async () => {
    const id = await start({ timeouts: { interruptTimeoutMs: 20 } });
    const stream = await server.stream(id);
    await server.say(id, 'hangs');
    await server.say(id, 'next');
    const first = agents.newest();
    await first.received(1);
    await server.input(id, INTERRUPT);
    await first.called('close');
    expect((await stream.next('error')).data['code']).toBe('agent_stopped');
    await eventually(() => agents.agents.length === 2);
    expect((await agents.newest().received(1)).content).toBe('next');
    expect(agents.newest().start.resume).toBe(true);
  });

  it('continues after a crash of the agent in a turn, with another one that resumes the conversation', async () => {
    const id = await start();
    const stream = await server.stream(id);
    await server.say(id, 'hi');
    const first = agents.newest();
    await first.received(1);
    first.say(assistant([text('half')]));
    const asked = first.ask('Bash', {}, { toolUseID: 'open' });
    await stream.next('permission_request');
    first.die('The agent was killed by signal 9.');
    await stream.next('session_state');
    expect(await asked).toMatchObject({ behavior: 'deny' });
    expect(stream.events.slice(-4)).toMatchObject([
      { event: 'request_resolved', data: { outcome: 'cancelled' } },
      { event: 'error', data: { code: 'agent_crashed', message: expect.stringMatching(/killed/) } },
      { event: 'result', data: { subtype: 'error_during_execution', is_error: true } },
      { event: 'session_state', data: { state: 'dormant' } },
    ]);
    expect(await server.info(id)).toMatchObject({ state: 'dormant', pending: [] });
    await server.say(id, 'again');
    expect((await stream.next('session_state')).data).toEqual({ state: 'idle' });
    await eventually(() => agents.agents.length === 2);
    await agents.newest().received(1);
    expect(agents.newest().start).toMatchObject({ sessionId: id, resume: true });
  });

  it('reports a crash of the agent between turns, and starts another one for the next message', async () => {
    const id = await start();
    const stream = await server.stream(id);
    agents.newest().say(assistant([text('ready')]));
    await stream.next('message_complete');
    agents.newest().die();
    expect((await stream.next('error')).data['code']).toBe('agent_crashed');
    expect((await stream.next('session_state')).data).toEqual({ state: 'dormant' });
    expect(stream.names()).not.toContain('result');
    await server.say(id, 'hi');
    await eventually(() => agents.agents.length === 2);
    expect((await agents.newest().received(1)).content).toBe('hi');
    expect(agents.newest().start.resume).toBe(false);
  });

  it('reports why an agent could not start, and retries for the next message', async () => {
    const id = await start();
    const stream = await server.stream(id);
    agents.newest().die('The API key is missing.');
    expect((await stream.next('error')).data).toEqual({
      code: 'agent_start_failed',
      message: 'The API key is missing.',
    });
    await stream.next('session_state');
    await server.say(id, 'hi');
    await eventually(() => agents.agents.length === 2);
    agents.newest().die('It is still missing.');
    await stream.next('error');
    expect((await stream.next('result')).data['subtype']).toBe('error_during_execution');
  });

  it('becomes dormant when the agent factory throws', async () => {
    const id = await start({
      agent: {
        sdkFactory: () => {
          throw new Error('No agent here.');
        },
      },
    });
    const stream = await server.stream(id);
    expect((await stream.next('error')).data).toEqual({
      code: 'agent_start_failed',
      message: 'No agent here.',
    });
    await server.say(id, 'hi');
    expect((await stream.next('result')).data['subtype']).toBe('error_during_execution');
    expect(await server.info(id)).toMatchObject({ state: 'dormant' });
  });

  it('becomes dormant when it is idle, and resumes with its configuration for the next message', async () => {
    const id = await start({ timeouts: { idleTimeoutMs: 10 } });
    await server.say(id, 'hi');
    await isReceived('hi');
    const first = agents.newest();
    await server.input(id, { type: 'set_model', model: 'opus' });
    first.say(result());
    await becomesDormant(id);
    expect(first.isClosed).toBe(true);
    await server.input(id, { type: 'set_permission_mode', mode: 'plan' });
    const { last_id } = await server.info(id);
    const stream = await server.stream(id);
    await stream.until(() => stream.ids().at(-1) === last_id);
    expect(stream.events.slice(-2)).toMatchObject([
      { data: { state: 'dormant' } },
      { data: { permission_mode: 'plan' } },
    ]);
    await server.say(id, 'wake up');
    await isReceived('wake up');
    await stream.until(() => stream.names().at(-1) === 'turn_start');
    expect(stream.events.at(-2)).toMatchObject({ data: { state: 'idle' } });
    const { start: woken } = agents.newest();
    expect(woken).toMatchObject({ resume: true, model: 'opus', permissionMode: 'plan' });
    expect(stream.ids()).toEqual(stream.ids().map((_, index) => index + 1));
  });

  it('does not become dormant while it has a subscriber, a turn or an open request', async () => {
    const id = await start({ timeouts: { idleTimeoutMs: 10 } });
    const stream = await server.stream(id);
    await server.say(id, 'hi');
    await isReceived('hi');
    const agent = agents.newest();
    void agent.ask('Bash', {}, { toolUseID: 'open' });
    await stream.next('permission_request');
    stream.close();
    const other = await server.createSession();
    await becomesDormant(other);
    expect(agent.calls).toEqual([]);
    expect(await server.info(id)).toMatchObject({ state: 'awaiting', subscribers: 0 });
  });

  it('ends with its agent when it is deleted', async () => {
    const id = await start();
    const stream = await server.stream(id);
    await server.say(id, 'hi');
    const agent = agents.newest();
    await agent.received(1);
    const asked = agent.ask('Bash', {}, { toolUseID: 'open' });
    await stream.next('permission_request');
    const json = { 'content-type': 'application/json' };
    const path = `/sessions/${id}`;
    const both = await Promise.all([
      server.request('DELETE', path, undefined, json),
      server.request('DELETE', path, undefined, json),
    ]);
    // The second one finds the session, or its removal, or neither any more.
    const statuses = both.map(({ status }) => status).sort((a, b) => a - b);
    expect([
      [204, 204],
      [204, 404],
    ]).toContainEqual(statuses);
    await stream.ended();
    expect(stream.names().slice(-2)).toEqual(['request_resolved', 'done']);
    expect(await asked).toMatchObject({ behavior: 'deny' });
    await agent.called('close');
    for (const [method, route] of [
      ['GET', path],
      ['GET', `${path}/events`],
      ['GET', `${path}/stream`],
      ['DELETE', path],
    ] as const) {
      expect(await server.request(method, route)).toMatchObject(
        refused(404, 'session_not_found', /^Session not found/),
      );
    }
    expect(server.registry.size).toBe(0);
  });

  it('denies the requests of an agent that is being stopped', async () => {
    const id = await start();
    const stream = await server.stream(id);
    const agent = agents.newest();
    const { released, release } = latch();
    agent.closing = released;
    await server.request('DELETE', `/sessions/${id}`);
    const late = agent.ask('Bash', {}, { toolUseID: 'late' });
    await stream.ended();
    expect(stream.events.at(-1)?.event).toBe('done');
    expect(await late).toMatchObject({ behavior: 'deny' });
    release();
  });
});
