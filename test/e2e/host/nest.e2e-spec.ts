import { Inject, Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { AgentWebkitModule } from '../../../src/agent-webkit/agent-webkit.module.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { SDK_FACTORY, STORAGE_PROVIDER } from '../../../src/agent-webkit/agent-webkit.tokens.js';
import { SessionRegistryService } from '../../../src/agent-webkit/session-registry.service.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { assistant, result, text } from '../../support/sdk-messages.js';
import { ADAPTERS, startApp, type StartAppOptions, type TestApp } from '../../support/start-app.js';

const BEARER = { authorization: 'Bearer from-config' };
const ANN = { id: 'ann' };

@Injectable()
class Config {
  readonly token = 'ann:from-config';
}

@Module({ providers: [Config], exports: [Config] })
class ConfigModule {}

@Injectable()
class OptionsFactory {
  @Inject(Config) private readonly config!: Config;

  createAgentWebkitOptions(): AgentWebkitModuleOptions {
    return { auth: { tokens: [this.config.token] } };
  }
}

@Module({ imports: [ConfigModule], providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

@Injectable()
class Concierge {
  constructor(readonly sessions: SessionRegistryService) {}
}

@Module({ providers: [Concierge] })
class ConciergeModule {}

describe.each(ADAPTERS)('the module in a Nest app on %s', (adapter) => {
  let server: TestApp;
  let agents: ReturnType<typeof fakeAgents>;
  const start = async (metadata: ModuleMetadata, options: StartAppOptions = {}) => {
    agents = fakeAgents();
    server = await startApp(
      {},
      {
        adapter,
        metadata,
        headers: BEARER,
        override: (builder) => builder.overrideProvider(SDK_FACTORY).useValue(agents.factory),
        ...options,
      },
    );
  };
  const concierge = () => server.app.get(Concierge, { strict: false }).sessions;
  const startWithConcierge = () =>
    start({
      imports: [
        AgentWebkitModule.forRoot({
          isGlobal: true,
          auth: { tokens: ['ann:from-config'] },
          retention: { maxEvents: 5 },
        }),
        ConciergeModule,
      ],
    });
  afterEach(() => server.close());

  it.each([
    ['forRoot', () => AgentWebkitModule.forRoot({ auth: { tokens: ['ann:from-config'] } })],
    [
      'forRootAsync with useFactory',
      () =>
        AgentWebkitModule.forRootAsync({
          imports: [ConfigModule],
          inject: [Config],
          useFactory: async ({ token }: Config) => ({ auth: { tokens: [token] } }),
        }),
    ],
    [
      'forRootAsync with useClass',
      () => AgentWebkitModule.forRootAsync({ imports: [ConfigModule], useClass: OptionsFactory }),
    ],
    [
      'forRootAsync with useExisting',
      () =>
        AgentWebkitModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory }),
    ],
  ])('is configured by %s', async (_, module) => {
    await start({ imports: [module()] });
    expect(await server.createSession()).toMatch(/^[0-9a-f-]{36}$/);
    const stranger = await server.request('POST', '/sessions', {}, { authorization: 'Bearer no' });
    expect(stranger.status).toBe(401);
  });

  it('keeps sessions where the overridden storage provider keeps them', async () => {
    const storage = new MemoryStorage();
    await start(
      { imports: [AgentWebkitModule.forRoot({ auth: { tokens: ['ann:from-config'] } })] },
      {
        override: (builder) =>
          builder
            .overrideProvider(SDK_FACTORY)
            .useValue(agents.factory)
            .overrideProvider(STORAGE_PROVIDER)
            .useValue(storage),
      },
    );
    const id = await server.createSession();
    expect(await storage.records.get(id)).toMatchObject({ id, owner: 'ann' });
    expect(await storage.events.read(id, 0, 10)).toHaveLength(1);
    await server.request('DELETE', `/sessions/${id}`);
    expect(await storage.records.get(id)).toBeNull();
    expect(await storage.events.read(id, 0, 10)).toEqual([]);
  });

  it('offers its exports to the whole app only when it is global', async () => {
    await startWithConcierge();
    expect(concierge()).toBe(server.registry);
    const local = AgentWebkitModule.forRoot({ auth: 'none' });
    await expect(
      startApp({}, { adapter, metadata: { imports: [local, ConciergeModule] } }),
    ).rejects.toThrow(/SessionRegistryService/);
  });

  it("lets the host's own code talk with the sessions its clients see", async () => {
    await startWithConcierge();
    const session = await concierge().create({ model: 'opus' }, ANN);
    const watched = lastValueFrom(session.watch().pipe(toArray()));
    const stream = await server.stream(session.id);
    await session.send({ type: 'user_message', content: 'hi' });
    await agents.newest().received(1);
    agents.newest().say(result());
    await stream.next('result');
    const found = concierge().get(session.id, ANN);
    expect(await found.info()).toEqual(await server.info(session.id));
    await found.close();
    await stream.ended();
    expect(await watched).toEqual(stream.delivered());
    await expect(session.info()).rejects.toMatchObject({ code: 'session_not_found' });
  });

  it("keeps the host's own code to the sessions of the caller it names", async () => {
    await startWithConcierge();
    const { id } = await concierge().create({}, ANN);
    const bob = { id: 'bob' };
    const session = concierge().get(id, bob);
    for (const denied of [
      () => session.info(),
      () => session.send({ type: 'interrupt' }),
      () => session.read(),
      () => firstValueFrom(session.watch()),
      () => session.close(),
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(denied()).rejects.toMatchObject({ code: 'session_not_found' });
    }
    expect((await concierge().list(bob)).sessions).toEqual([]);
    expect((await concierge().list(ANN)).sessions).toEqual([await server.info(id)]);
  });

  it('watches after a cursor, and stops watching without stopping the agent', async () => {
    await startWithConcierge();
    const { id } = await concierge().create({}, ANN);
    const next = firstValueFrom(concierge().get(id, ANN).watch(1).pipe(take(1)));
    await server.say(id, 'hi');
    expect(await next).toMatchObject({ id: 2, event: 'user_message' });
    expect(await server.info(id)).toMatchObject({ subscribers: 0, state: 'running' });
    await expect(firstValueFrom(concierge().get(id, ANN).watch(9))).rejects.toThrow(
      /does not exist/,
    );
  });

  it('shows a watcher every event of a burst that the log does not keep whole', async () => {
    await startWithConcierge();
    const { id } = await concierge().create({}, ANN);
    const watched = lastValueFrom(concierge().get(id, ANN).watch().pipe(toArray()));
    await server.say(id, 'hi');
    await agents.newest().received(1);
    agents.newest().say(...Array.from({ length: 50 }, () => assistant([text('burst')])));
    agents.newest().say(result());
    await eventually(async () => (await concierge().get(id, ANN).info()).state === 'idle');
    await concierge().get(id, ANN).close();
    const ids = (await watched).map((event) => event.id);
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => index + 1));
    expect(ids.length).toBeGreaterThan(50);
  });
});
