import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { getQueueToken } from '@nestjs/bullmq';
import type { INestApplication, Type } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import type { Job, Queue } from 'bullmq';
import { createClient as createGraphqlClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type * as Package from '../../src/index.js';
import { fakeAgents } from '../support/fake-agent-client.js';
import { eventually } from '../support/eventually.js';
import { describeOwnRedis, OwnRedis } from '../support/own-redis.js';
import { result } from '../support/sdk-messages.js';
import { HostFolder } from './host-folder.js';
import { readBlocks, readDocument } from './markdown.js';

const PAGE = 'docs/recipes.md';
const TOKEN = { authorization: 'Bearer a-long-secret' };
const ANN = { id: 'ann' };

let host: HostFolder;
let library: typeof Package;
beforeAll(async () => {
  host = await HostFolder.create();
  const path = `${host.path}/node_modules/nestjs-agent-webkit/dist/index.js`;
  library = (await import(path)) as typeof Package;
}, 60_000);
afterAll(() => host?.remove());

let app: INestApplication | null = null;
afterEach(async () => {
  await app?.close();
  app = null;
});

/** Writes the code under a heading into the host's folder. Returns its path. */
async function write(heading: string): Promise<string> {
  const at = readDocument(PAGE).split('\n').indexOf(`## ${heading}`);
  const block = readBlocks(PAGE).find(({ language, line }) => language === 'ts' && line > at);
  if (at === -1 || !block) throw new Error(`There is no recipe '${heading}'.`);
  return host.write(`${heading.replaceAll(' ', '-')}.ts`, block.code);
}

/** Imports the code under a heading. */
async function load(heading: string): Promise<Record<string, Type<object>>> {
  return (await import(await write(heading))) as Record<string, Type<object>>;
}

/** Starts the module of a recipe with agents that end each turn at once. */
async function start(
  module: Type<object> | undefined,
  configure: (started: INestApplication) => void = () => undefined,
  { storage, endsTurns = true }: { storage?: Package.StorageProvider; endsTurns?: boolean } = {},
) {
  if (!module) throw new Error('The recipe exports no such module.');
  const agents = fakeAgents();
  agents.prepare = (agent) => {
    const send = agent.send.bind(agent);
    agent.send = (input) => {
      send(input);
      if (endsTurns) agent.say(result());
    };
  };
  const builder = Test.createTestingModule({ imports: [module] })
    .overrideProvider(library.SDK_FACTORY)
    .useValue(agents.factory);
  if (storage) builder.overrideProvider(library.STORAGE_PROVIDER).useValue(storage);
  const compiled = await builder.compile();
  const started = compiled.createNestApplication({ logger: false });
  configure(started);
  await started.listen(0, '127.0.0.1');
  app = started;
  const url = await started.getUrl();
  const sessions = started.get<Package.SessionRegistryService>(library.SessionRegistryService, {
    strict: false,
  });
  const subscribers = async (id: string) => (await sessions.get(id, ANN).info()).subscribers;
  return { app: started, agents, url, sessions, subscribers };
}

const statusOf = async (url: string, headers: Record<string, string> = TOKEN) =>
  (await fetch(url, { headers: { connection: 'close', ...headers } })).status;

const eventsQuery = (id: string) => ({ query: `subscription { sessionEvents(id: "${id}") }` });
const isDone = (job?: Job) => job?.finishedOn !== undefined && job.returnvalue !== null;

describe('the recipe', () => {
  it('for @nestjs/config takes the options from the environment', async () => {
    process.env['AGENT_TOKENS'] = 'ann:of-the-environment,bob:another-one';
    const { ConfiguredModule } = await load('Configuration');
    const { url } = await start(ConfiguredModule);

    expect(await statusOf(`${url}/sessions`)).toBe(401);
    expect(await statusOf(`${url}/sessions`, { authorization: 'Bearer another-one' })).toBe(200);
  });

  it('for @nestjs/throttler answers 429 above the limit', async () => {
    // Its package is CommonJS, which jest cannot run with the ES modules of Nest.
    await write('Rate limits by address');
    const main = await host.write(
      'throttled.ts',
      `
        import { NestFactory } from '@nestjs/core';
        import { ThrottledModule } from './Rate-limits-by-address.js';
        const app = await NestFactory.create(ThrottledModule, { logger: false });
        await app.listen(0, '127.0.0.1');
        console.log(await app.getUrl());
      `,
    );
    const program = host.run(process.execPath, [main]);
    const [url] = await program.says(/http:\S+/);
    const statuses: number[] = [];
    // oxlint-disable-next-line no-await-in-loop -- the order matters
    for (let i = 0; i < 301; i += 1) statuses.push(await statusOf(`${url}/sessions`));
    await program.end();

    expect([statuses[299], statuses[300]]).toEqual([200, 429]);
  });

  it('for @nestjs/terminus is down when the server begins to stop', async () => {
    const { HealthModule } = await load('Health');
    const { url, sessions } = await start(HealthModule);
    const ready = await statusOf(`${url}/health/ready`);
    await sessions.onModuleDestroy();

    expect([ready, await statusOf(`${url}/health/ready`)]).toEqual([200, 503]);
  });

  it('for @nestjs/schedule sends one message, however often the job runs on a day', async () => {
    const { ScheduledModule } = await load('A prompt on a schedule');
    const { app: started, sessions, agents } = await start(ScheduledModule);
    const reviewer = { id: 'reviewer' };
    const job = started.get(SchedulerRegistry, { strict: false }).getCronJob('nightly-review');
    await job.fireOnTick();
    await job.fireOnTick();
    const { sessions: listed } = await eventually(
      () => sessions.list(reviewer),
      (page) => page.sessions.length > 0,
    );
    await eventually(() => agents.agents[0]?.inputs.length ?? 0);

    expect(listed).toHaveLength(1);
    expect(agents.agents.flatMap(({ inputs }) => inputs)).toHaveLength(1);
  });

  it('for GraphQL delivers the events of a session to its owner, until the client leaves', async () => {
    const { GraphqlModule } = await load('GraphQL subscriptions');
    const { url, sessions, subscribers } = await start(GraphqlModule);
    const { id } = await sessions.create({ message: 'Hello' }, ANN);
    const other = await sessions.create({}, { id: 'bob' });
    const client = createGraphqlClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { token: 'a-long-secret' },
      retryAttempts: 0,
    });
    const names: string[] = [];
    for await (const { data } of client.iterate<{ sessionEvents: string }>(eventsQuery(id))) {
      const event = JSON.parse(data?.sessionEvents ?? '{}') as { event: string };
      names.push(event.event);
      // Before the client leaves, the next read waits.
      if (event.event === 'result') {
        await eventually(
          () => subscribers(id),
          (count) => count === 1,
        );
        break;
      }
    }
    await eventually(
      () => subscribers(id),
      (count) => count === 0,
    );
    const refused = await client.iterate(eventsQuery(other.id)).next();
    await client.dispose();
    const stranger = createGraphqlClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { token: 'a-guess' },
      retryAttempts: 0,
    });

    expect(names).toContain('user_message');
    expect(JSON.stringify(refused)).toContain('session');
    expect(JSON.stringify(refused)).not.toContain('user_message');
    await expect(stranger.iterate(eventsQuery(id)).next()).rejects.toMatchObject({ code: 4403 });
  });

  it('for a WebSocket gateway delivers the events of a session to its owner, until the client leaves', async () => {
    const recipe = await load('A WebSocket gateway');
    const useWebSockets = recipe['useWebSockets'] as unknown as (app: INestApplication) => void;
    const { url, sessions, subscribers } = await start(recipe['LiveModule'], useWebSockets);
    const { id } = await sessions.create({ message: 'Hello' }, ANN);
    const other = await sessions.create({}, { id: 'bob' });
    const open = async (headers: Record<string, string>) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/live`, { headers });
      const texts: string[] = [];
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      socket.on('message', (data: Buffer) => texts.push(data.toString()));
      await new Promise((resolve) => socket.once('open', resolve));
      const send = (event: string, data?: object) => socket.send(JSON.stringify({ event, data }));
      return { socket, texts, closed, send };
    };
    const client = await open(TOKEN);
    client.send('watch', { session: id });
    await eventually(() => client.texts.some((text) => text.includes('"result"')));
    const whileWatching = await subscribers(id);
    client.send('unwatch');
    await eventually(
      () => subscribers(id),
      (count) => count === 0,
    );
    client.send('watch', { session: id });
    await eventually(
      () => subscribers(id),
      (count) => count === 1,
    );
    client.send('watch', { session: other.id });
    await eventually(() => client.texts.some((text) => text.includes('session_not_found')));
    client.send('watch', { session: id });
    await eventually(
      () => subscribers(id),
      (count) => count === 1,
    );
    client.socket.terminate();
    await eventually(
      () => subscribers(id),
      (count) => count === 0,
    );
    const stranger = await open({});

    expect(whileWatching).toBe(1);
    expect(await stranger.closed).toBe(4401);
  });
});

describeOwnRedis('the recipe for BullMQ', () => {
  let redis: OwnRedis;
  beforeAll(async () => {
    redis = await OwnRedis.start();
    process.env['REDIS_URL'] = redis.url;
  });
  afterAll(() => redis?.remove());

  interface Turns {
    add(id: string, turn: { owner: string; prompt: string }): Promise<void>;
  }

  it('runs a turn once, although the job is added twice and repeated', async () => {
    const { TurnsModule, Turns } = await load('A turn as a job');
    const { app: started, sessions, agents } = await start(TurnsModule);
    const data = { owner: 'ann', prompt: 'Hello' };
    const turns = started.get<Turns>(Turns as never, { strict: false });
    await turns.add('order-1', data);
    await turns.add('order-1', data);
    const [session] = await eventually(
      async () => (await sessions.list(ANN)).sessions,
      (listed) => listed[0]?.state === 'idle' && agents.agents.some(({ inputs }) => inputs.length),
    );
    // As when the worker was lost before it could store the end of the job.
    const queue = started.get<Queue>(getQueueToken('turns'), { strict: false });
    const job = await eventually(() => queue.getJob('order-1'), isDone);
    const returned: unknown = job?.returnvalue;
    await job?.retry('completed');
    const again = await eventually(
      () => queue.getJob('order-1'),
      (found) => isDone(found) && (found?.attemptsMade ?? 0) > 1,
    );

    expect([returned, again?.returnvalue]).toEqual([session?.session_id, session?.session_id]);
    expect(agents.agents.flatMap(({ inputs }) => inputs)).toHaveLength(1);
    expect((await sessions.list(ANN)).sessions).toHaveLength(1);
  });

  it('does not run a turn again that the end of the server has interrupted', async () => {
    const { TurnsModule, Turns } = await load('A turn as a job');
    const folder = await mkdtemp(join(tmpdir(), 'recipes-'));
    const storage = () => new library.SqliteStorage({ file: join(folder, 'sessions.db') });
    const first = await start(TurnsModule, undefined, { storage: storage(), endsTurns: false });
    await first.app
      .get<Turns>(Turns as never, { strict: false })
      .add('order-2', { owner: 'ann', prompt: 'Hello' });
    await eventually(() => first.agents.agents.some(({ inputs }) => inputs.length > 0));
    await first.app.close();
    const second = await start(TurnsModule, undefined, { storage: storage() });
    const queue = second.app.get<Queue>(getQueueToken('turns'), { strict: false });
    const job = await eventually(
      () => queue.getJob('order-2'),
      (found) => found?.failedReason !== undefined && found.finishedOn !== undefined,
    );
    const { sessions: listed } = await second.sessions.list(ANN);
    await second.app.close();
    app = null;
    await rm(folder, { recursive: true });

    expect(job?.failedReason).toBe('error_during_execution');
    expect(listed).toHaveLength(1);
    expect(second.agents.agents.flatMap(({ inputs }) => inputs)).toEqual([]);
  });
});
