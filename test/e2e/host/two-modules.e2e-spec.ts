import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type INestApplication,
  Module,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AgentWebkitModule,
  getSessionRegistryToken,
  InjectSessionRegistry,
  MemoryStorage,
  SessionRegistryService,
} from '../../../src/index.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { result } from '../../support/sdk-messages.js';
import { SseClient } from '../../support/sse-client.js';
import { ADAPTERS } from '../../support/start-app.js';

class SupportAgents extends AgentWebkitModule {}
class SalesAgents extends AgentWebkitModule {}

/** Accepts the header `x-user` as the caller. */
@Injectable()
class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string>; user?: unknown }>();
    const id = request.headers['x-user'];
    request.user = id && { id };
    return Boolean(id);
  }
}

@Injectable()
class Desk {
  constructor(
    @InjectSessionRegistry(SupportAgents) readonly support: SessionRegistryService,
    @InjectSessionRegistry(SalesAgents) readonly sales: SessionRegistryService,
  ) {}
}

describe.each(ADAPTERS)('an app with two modules on %s', (adapter) => {
  let app: INestApplication;
  let url: string;
  let support: ReturnType<typeof fakeAgents>;
  let sales: ReturnType<typeof fakeAgents>;
  let storages: MemoryStorage[];
  const compile = (supportStorage: MemoryStorage, salesStorage: MemoryStorage) => {
    const modules = [
      SupportAgents.forRoot({
        auth: { tokens: ['ann:support-token'] },
        storage: supportStorage,
        agent: { sdkFactory: support.factory },
      }),
      SalesAgents.forRootAsync({
        guard: UserGuard,
        useFactory: () => ({
          storage: salesStorage,
          agent: { sdkFactory: sales.factory },
          limits: { maxSessionsPerOwner: 1 },
        }),
      }),
    ];
    @Module({
      imports: [
        ...modules,
        RouterModule.register([
          { path: 'support', module: SupportAgents },
          { path: 'sales', module: SalesAgents },
        ]),
      ],
      providers: [Desk],
    })
    class AppModule {}
    return Test.createTestingModule({ imports: [AppModule] }).compile();
  };
  const asAnn = { authorization: 'Bearer support-token' };
  const asSam = { 'x-user': 'sam' };
  const call = async (method: string, path: string, headers: object, body?: object) => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', connection: 'close', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text ? JSON.parse(text) : {}) as { [name: string]: unknown },
    };
  };
  const create = async (path: string, headers: object) =>
    String((await call('POST', `${path}/sessions`, headers, {})).body['session_id']);

  beforeEach(async () => {
    [support, sales] = [fakeAgents(), fakeAgents()];
    storages = [new MemoryStorage(), new MemoryStorage()];
    const module = await compile(storages[0] as MemoryStorage, storages[1] as MemoryStorage);
    app = module.createNestApplication(
      adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter(),
      { logger: false },
    );
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterEach(() => app.close());

  it('serves each kind of agent under its own path, with its own callers and limits', async () => {
    const [one, other] = [await create('/support', asAnn), await create('/sales', asSam)];
    expect((await call('GET', '/support/sessions', asSam)).status).toBe(401);
    expect((await call('GET', '/sales/sessions', asAnn)).status).toBe(403);
    expect((await call('GET', '/sessions', { ...asAnn, ...asSam })).status).toBe(404);
    expect((await call('POST', '/sales/sessions', asSam, {})).status).toBe(429);
    expect((await call('POST', '/support/sessions', asAnn, {})).status).toBe(200);
    expect((await call('GET', `/support/sessions/${one}`, asAnn)).status).toBe(200);
    expect((await call('GET', `/support/sessions/${other}`, asAnn)).status).toBe(404);
    expect((await call('GET', `/sales/sessions/${one}`, asSam)).status).toBe(404);
    expect(await storages[0]?.records.get(one)).toMatchObject({ owner: 'ann' });
    expect(await storages[1]?.records.get(other)).toMatchObject({ owner: 'sam' });
  });

  it('has a turn with the agents of each module, to the end of its stream', async () => {
    for (const [path, headers, agents] of [
      ['/support', asAnn, support],
      ['/sales', asSam, sales],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one module after the other
      await (async () => {
        const id = await create(path, headers);
        const session = `${path}/sessions/${id}`;
        const stream = await SseClient.open(`${url}${session}/stream`, headers);
        const said = { type: 'user_message', content: 'hi' };
        expect((await call('POST', `${session}/input`, headers, said)).status).toBe(204);
        await agents.newest().received(1);
        agents.newest().say(result());
        await stream.next('result');
        // A DELETE that says it has JSON and has no body: the middleware of each module allows it.
        expect((await call('DELETE', session, headers)).status).toBe(204);
        await stream.ended();
        expect(stream.events.at(-1)).toMatchObject({ event: 'done' });
      })();
    }
    expect([support.agents.length, sales.agents.length]).toEqual([1, 1]);
  });

  it('refuses a body that is not JSON under both paths', async () => {
    for (const [path, headers] of [
      ['/support', asAnn],
      ['/sales', asSam],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one module after the other
      const response = await fetch(`${url}${path}/sessions`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'text/plain', connection: 'close' },
        body: '{}',
      });
      expect(response.status).toBe(400);
    }
  });

  it('injects the sessions of each module where they are wanted', async () => {
    const desk = app.get(Desk);
    expect(desk.support).not.toBe(desk.sales);
    expect(app.get(getSessionRegistryToken(SalesAgents), { strict: false })).toBe(desk.sales);
    const session = await desk.sales.create({}, { id: 'sam' });
    expect((await call('GET', `/sales/sessions/${session.id}`, asSam)).status).toBe(200);
    await expect(desk.support.get(session.id, { id: 'sam' }).info()).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  it('ends the agents of both modules when it closes', async () => {
    await create('/support', asAnn);
    await create('/sales', asSam);
    await app.close();
    const desk = app.get(Desk);
    expect([desk.support.size, desk.sales.size]).toEqual([0, 0]);
    expect([...support.agents, ...sales.agents].map(({ isClosed }) => isClosed)).toEqual([
      true,
      true,
    ]);
  });

  it('does not start with one storage for both, whose sessions either would resume', async () => {
    const shared = new MemoryStorage();
    const module = await compile(shared, shared);
    await expect(module.init()).rejects.toThrow(
      /^(Support|Sales)Agents and (Support|Sales)Agents use the same storage\. Pass each its own/,
    );
  });
});
