import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DynamicModule,
  type INestApplication,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import type { AdminOptions } from '../../src/agent-webkit/admin/admin-options.js';
import { AgentWebkitModule } from '../../src/agent-webkit/agent-webkit.module.js';
import type { AgentWebkitModuleOptions } from '../../src/agent-webkit/options/agent-webkit.options.js';
import { SessionRegistryService } from '../../src/agent-webkit/session-registry.service.js';
import { fakeAgents } from './fake-agent-client.js';
import { SseClient } from './sse-client.js';

export const ADAPTERS = ['express', 'fastify'] as const;
export type AdapterName = (typeof ADAPTERS)[number];

/** A running app on loopback, and requests to it. */
export interface TestApp {
  app: INestApplication;
  url: string;
  registry: SessionRegistryService;
  /** Sends a request with a JSON body on a new connection. */
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  createSession(body?: object): Promise<string>;
  input(id: string, message: object): Promise<Answer>;
  say(id: string, content: string): Promise<void>;
  /** Returns the information about a session. */
  info(id: string): Promise<Record<string, unknown>>;
  stream(id: string, headers?: Record<string, string>, query?: string): Promise<SseClient>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export interface StartAppOptions {
  adapter?: AdapterName;
  prefix?: string;
  /** How operators authenticate. */
  admin?: AdminOptions;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** The address to listen on. Loopback by default. */
  host?: string;
  metadata?: ModuleMetadata;
  /** Providers of the app, beside the module. */
  providers?: Provider[];
  /** Modules of the app, beside the module. */
  imports?: DynamicModule[];
  configure?: (app: INestApplication) => void;
  override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/** Starts the module like a host. `auth` is 'none', and the workspace a new folder, unless a test sets them. */
export async function startApp(
  options: AgentWebkitModuleOptions,
  {
    adapter = 'express',
    prefix = '',
    admin,
    host = '127.0.0.1',
    headers: always = {},
    metadata,
    providers = [],
    imports = [],
    configure,
    override = (builder) => builder,
  }: StartAppOptions = {},
): Promise<TestApp> {
  const root = await mkdtemp(join(tmpdir(), 'workspace-'));
  const builder = Test.createTestingModule(
    metadata ?? {
      imports: [
        AgentWebkitModule.forRoot({
          auth: 'none',
          admin,
          ...options,
          workspace: { root, ...options.workspace },
          limits: { maxCreationsPerMinute: 100_000, ...options.limits },
          // A test that ends with a running turn does not wait for it.
          timeouts: { shutdownDelayMs: 0, drainTimeoutMs: 1, ...options.timeouts },
        }),
        ...imports,
      ],
      providers,
    },
  );
  const module = await override(builder).compile();
  const app = module.createNestApplication(
    adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter(),
    { logger: false },
  );
  configure?.(app);
  await app.listen(0, host);
  const url = `${await app.getUrl()}${prefix}`;
  const streams: SseClient[] = [];

  const request: TestApp['request'] = async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        connection: 'close',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...always,
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
    };
  };

  return {
    app,
    url,
    registry: app.get(SessionRegistryService, { strict: false }),
    request,
    createSession: async (body = {}) => {
      const answer = await request('POST', '/sessions', body);
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      return String(answer.body['session_id']);
    },
    input: (id, message) => request('POST', `/sessions/${id}/input`, message),
    say: async (id, content) => {
      const answer = await request('POST', `/sessions/${id}/input`, {
        type: 'user_message',
        content,
      });
      if (answer.status !== 204) throw new Error(JSON.stringify(answer.body));
    },
    info: async (id) => (await request('GET', `/sessions/${id}`)).body,
    stream: async (id, headers, query = '') => {
      const stream = await SseClient.open(`${url}/sessions/${id}/stream${query}`, {
        ...always,
        ...headers,
      });
      streams.push(stream);
      return stream;
    },
    close: async () => {
      for (const stream of streams) stream.close();
      await app.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export type FakeAgents = ReturnType<typeof fakeAgents>;

/** Boots the module with agents that the test plays. */
export async function startFakeApp(
  options: AgentWebkitModuleOptions = {},
  settings: StartAppOptions = {},
): Promise<{ server: TestApp; agents: FakeAgents }> {
  const agents = fakeAgents();
  const agent = { sdkFactory: agents.factory, ...options.agent };
  return { server: await startApp({ ...options, agent }, settings), agents };
}
