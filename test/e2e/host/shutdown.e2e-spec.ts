import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { eventually } from '../../support/eventually.js';
import { latch } from '../../support/latch.js';
import { refused } from '../../support/refused.js';
import { assistant, text } from '../../support/sdk-messages.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

describe.each(ADAPTERS)('shutting down on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(options, { adapter }));
    return server.createSession();
  };
  afterEach(() => server.close());

  it('tells done to 20 open streams and ends, while a permission is pending', async () => {
    const id = await start();
    const streams = await Promise.all(Array.from({ length: 20 }, () => server.stream(id)));
    await server.say(id, 'hi');
    const agent = agents.newest();
    await agent.received(1);
    const asked = agent.ask('Bash', {}, { toolUseID: 'open' });
    await Promise.all(streams.map((stream) => stream.next('permission_request')));
    const began = Date.now();
    await server.app.close();
    expect(Date.now() - began).toBeLessThan(3000);
    await Promise.all(streams.map((stream) => stream.ended()));
    for (const stream of streams) {
      expect(stream.names().slice(-2)).toEqual(['request_resolved', 'done']);
    }
    expect(await asked).toMatchObject({ behavior: 'deny' });
    expect(agent.isClosed).toBe(true);
    expect(server.registry.size).toBe(0);
  });

  it('refuses every request with 503 while it is under way', async () => {
    const id = await start();
    const agent = agents.newest();
    const { released, release } = latch();
    agent.closing = released;
    const closing = server.app.close();
    await agent.called('close');
    const requests = [
      ['POST', '/sessions', {}],
      ['GET', '/sessions', undefined],
      ['GET', `/sessions/${id}`, undefined],
      ['GET', `/sessions/${id}/events`, undefined],
      ['GET', `/sessions/${id}/stream`, undefined],
      ['POST', `/sessions/${id}/input`, { type: 'user_message', content: 'late' }],
      ['DELETE', `/sessions/${id}`, undefined],
      ['GET', '/sessions/unknown', undefined],
    ] as const;
    for (const [method, path, body] of requests) {
      const answer = await server.request(method, path, body);
      expect(answer).toMatchObject(refused(503, 'shutting_down', /shutting down/));
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    release();
    await closing;
  });

  it('does not wait for ever for an agent that never goes', async () => {
    await start({ timeouts: { shutdownGraceMs: 1 } });
    agents.newest().closing = new Promise(() => {});
    const began = Date.now();
    await server.app.close();
    expect(Date.now() - began).toBeLessThan(15_000);
  });

  it('does not wait for a subscriber that does not read', async () => {
    const id = await start();
    const stream = await server.stream(id);
    await stream.next('session_ready');
    stream.pause();
    await server.say(id, 'hi');
    await agents.newest().received(1);
    const large = text('x'.repeat(500_000));
    agents.newest().say(...Array.from({ length: 30 }, () => assistant([large])));
    await eventually(async () => (await server.info(id))['last_id'] === 33);
    expect(await server.info(id)).toMatchObject({ subscribers: 1 });
    const began = Date.now();
    await server.app.close();
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});
