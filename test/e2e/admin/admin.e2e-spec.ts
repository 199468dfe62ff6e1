import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { AgentWebkitModule } from '../../../src/agent-webkit/agent-webkit.module.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { refused } from '../../support/refused.js';
import { assistant, result, text } from '../../support/sdk-messages.js';
import {
  type AdapterName,
  ADAPTERS,
  type FakeAgents,
  startApp,
  startFakeApp,
  type StartAppOptions,
  type TestApp,
} from '../../support/start-app.js';

const OPS = { authorization: 'Bearer o' };
const as = (token: string) => ({ authorization: `Bearer ${token}` });
const SECRET = 'the launch code';
const notFound = refused(404, 'session_not_found', /^Session not found/);

interface Listed {
  session_id: string;
  owner: string;
  state: string;
}

/** The routes for operators: the method and the path. */
const ROUTES = [
  ['GET', '/admin/sessions'],
  ['GET', '/admin/sessions/ID'],
  ['POST', '/admin/sessions/ID/interrupt'],
  ['POST', '/admin/sessions/ID/sleep'],
  ['DELETE', '/admin/sessions/ID'],
  ['GET', '/admin/servers'],
  ['POST', '/admin/servers/self/drain'],
  ['DELETE', '/admin/servers/self/drain'],
] as const;

const boot = (
  adapter: AdapterName,
  admin: unknown,
  auth: AgentWebkitModuleOptions['auth'] = 'none',
) => startApp({ auth }, { adapter, admin: admin as never });

describe.each(ADAPTERS)('The routes for operators on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}, settings: StartAppOptions = {}) => {
    ({ server, agents } = await startFakeApp(
      { auth: { tokens: ['ann:a', 'bob:b'] }, ...options },
      { adapter, admin: { tokens: ['ops:o'] }, ...settings },
    ));
  };
  const open = async (token: string, body: object = {}) =>
    String((await server.request('POST', '/sessions', body, as(token))).body['session_id']);
  const admin = (method: string, path: string, headers: Record<string, string> = OPS) =>
    server.request(method, `/admin${path}`, undefined, headers);
  const list = async (query = '') => {
    const { status, body } = await admin('GET', `/sessions${query}`);
    expect(status).toBe(200);
    return body as unknown as { sessions: Listed[]; next_cursor: string | null };
  };
  afterEach(() => server.close());

  it('list the sessions of all owners with their state, age, agent and cost, and nothing of their content', async () => {
    await start();
    const first = await open('a', { title: SECRET, metadata: { code: SECRET }, message: SECRET });
    const agent = agents.newest();
    await agent.received(1);
    void agent.ask('Bash', { command: SECRET }, { toolUseID: 't1' });
    await eventually(async () => (await list()).sessions[0]?.state === 'awaiting');
    const second = await open('b');
    const { sessions, next_cursor } = await list();
    expect(sessions).toEqual([
      expect.objectContaining({
        session_id: second,
        owner: 'bob',
        state: 'idle',
        agent: 'running',
      }),
      {
        session_id: first,
        owner: 'ann',
        state: 'awaiting',
        agent: 'running',
        model: null,
        permission_mode: 'default',
        created_at: expect.stringMatching(/^\d{4}-.*Z$/),
        last_activity_at: expect.stringMatching(/^\d{4}-.*Z$/),
        server: null,
        members: 0,
        subscribers: 0,
        open_requests: 1,
        running_tasks: 0,
        last_id: expect.any(Number),
        total_cost_usd: 0,
      },
    ]);
    expect(next_cursor).toBeNull();
    expect(await admin('GET', `/sessions/${first}`)).toMatchObject({
      status: 200,
      body: sessions[1],
    });
    const { body } = await admin('GET', '/sessions');
    expect(JSON.stringify(body)).not.toContain(SECRET);
    expect((await list('?owner=ann')).sessions.map(({ owner }) => owner)).toEqual(['ann']);
    expect((await list('?state=awaiting')).sessions.map(({ owner }) => owner)).toEqual(['ann']);
    expect((await list('?owner=eve')).sessions).toEqual([]);
  });

  it('list each session once, the newest first, whatever the pages are', async () => {
    await start();
    const ids: string[] = [];
    // oxlint-disable-next-line no-await-in-loop -- each is newer than the one before
    for (let n = 0; n < 7; n += 1) ids.unshift(await open(n % 2 === 0 ? 'a' : 'b'));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), async (limit) => {
        const found: string[] = [];
        let cursor: string | null = '';
        while (cursor !== null) {
          const query: string = `?limit=${limit}${cursor && `&cursor=${cursor}`}`;
          const page = await list(query); // oxlint-disable-line no-await-in-loop -- page by page
          found.push(...page.sessions.map(({ session_id }) => session_id));
          cursor = page.next_cursor;
        }
        expect(found).toEqual(ids);
      }),
      { numRuns: 9 },
    );
  });

  it('put an idle agent to sleep, which the next message starts again, and refuse one that works', async () => {
    await start();
    const id = await open('a', { message: 'hello' });
    const agent = agents.newest();
    await agent.received(1);
    expect(await admin('POST', `/sessions/${id}/sleep`)).toMatchObject(
      refused(409, 'session_busy', /^The agent of this session is at work\. Interrupt/),
    );
    agent.say(assistant([text('hi')]), result());
    await eventually(async () => (await list()).sessions[0]?.state === 'idle');
    expect((await admin('POST', `/sessions/${id}/sleep`)).status).toBe(204);
    expect(agent.isClosed).toBe(true);
    expect((await admin('GET', `/sessions/${id}`)).body).toMatchObject({
      state: 'dormant',
      agent: 'none',
    });
    expect((await admin('POST', `/sessions/${id}/sleep`)).status).toBe(204);
    const message = { type: 'user_message', content: 'again' };
    const said = await server.request('POST', `/sessions/${id}/input`, message, as('a'));
    expect(said.status).toBe(204);
    await agents.newest().received(1);
  });

  it('interrupt a turn, which its readers see as an interrupt', async () => {
    await start();
    const id = await open('a', { message: 'hello' });
    const agent = agents.newest();
    await agent.received(1);
    agent.onInterrupt = () => agent.say(result({ subtype: 'error_during_execution' }));
    expect((await admin('POST', `/sessions/${id}/interrupt`)).status).toBe(204);
    await eventually(async () => (await list()).sessions[0]?.state === 'idle');
    expect(agent.calls).toContain('interrupt');
    expect((await admin('POST', `/sessions/${id}/sleep`)).status).toBe(204);
    // Without an agent, nothing is to be interrupted.
    expect((await admin('POST', `/sessions/${id}/interrupt`)).status).toBe(204);
  });

  it('end a session, also one that works: its streams receive done, and nothing is left', async () => {
    const storage = new MemoryStorage();
    await start({ storage });
    const id = await open('a', { message: 'hello' });
    const stream = await server.stream(id, as('a'));
    await agents.newest().received(1);
    expect((await admin('DELETE', `/sessions/${id}`)).status).toBe(204);
    await stream.next('done');
    await stream.ended();
    expect(await storage.records.get(id)).toBeNull();
    expect(await admin('DELETE', `/sessions/${id}`)).toMatchObject(notFound);
    for (const [method, path] of ROUTES.filter(([, route]) => route.includes('ID'))) {
      const url = path.replace('ID', id);
      // oxlint-disable-next-line no-await-in-loop -- one route after the other
      expect(await server.request(method, url, undefined, OPS)).toMatchObject(notFound);
    }
  });

  it('describe this server and its work, and refuse to drain it when it is alone', async () => {
    await start();
    await open('a');
    const { body } = await admin('GET', '/servers');
    expect(body).toEqual({
      servers: [
        {
          address: null,
          current: true,
          state: 'active',
          report: {
            host: expect.any(String),
            pid: process.pid,
            started_at: expect.stringMatching(/^\d{4}-.*Z$/),
            work: {
              sessions: { idle: 1 },
              agents: {
                running: 1,
                warm: 0,
                free: expect.any(Number),
                max: expect.any(Number),
                waiting: 0,
              },
              queued_messages: 0,
              open_requests: 0,
              subscribers: 0,
            },
          },
        },
      ],
    });
    expect(await admin('POST', '/servers/self/drain')).toMatchObject(
      refused(409, 'no_other_server', /^No other server takes work/),
    );
    expect(await admin('POST', '/servers/unknown/drain')).toMatchObject(
      refused(404, 'server_not_found', /GET \/admin\/servers/),
    );
    expect((await admin('DELETE', '/servers/self/drain')).status).toBe(200);
    expect(server.registry.isReady).toBe(true);
  });

  it('accept no token of a caller, and callers none of an operator', async () => {
    await start();
    const id = await open('a');
    for (const [method, path] of ROUTES) {
      const url = path.replace('ID', id);
      for (const headers of [as('a'), as('wrong'), {}]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const answer = await server.request(method, url, undefined, headers);
        expect(answer).toMatchObject(refused(401, 'unauthorized', /^Authentication failed/));
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
      }
    }
    expect((await server.request('GET', '/sessions', undefined, OPS)).status).toBe(401);
    expect((await server.request('GET', `/sessions/${id}`, undefined, as('a'))).status).toBe(200);
  });

  it('refuse malformed queries and cursors of other listings', async () => {
    await start();
    await open('a');
    await open('a');
    const { body } = await server.request('GET', '/sessions?limit=1', undefined, as('a'));
    for (const query of [
      'limit=0',
      'limit=101',
      'limit=x',
      'state=closed',
      'state=',
      'cursor=abc',
      `cursor=${String(body['next_cursor'])}`,
      'owner=a&owner=b',
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const answer = await admin('GET', `/sessions?${query}`);
      expect([query, answer.status, answer.body['code']]).toEqual([query, 400, 'invalid_request']);
    }
  });

  it('are not there without the option, and leave the paths to the host', async () => {
    @Controller('admin')
    class HostController {
      @Get('sessions')
      sessions(): string {
        return 'of the host';
      }
    }
    const metadata: ModuleMetadata = {
      controllers: [HostController],
      imports: [AgentWebkitModule.forRoot({ auth: 'none' })],
    };
    server = await startApp({}, { adapter, metadata });
    const own = await fetch(`${server.url}/admin/sessions`);
    expect([own.status, await own.text(), own.headers.get('cache-control')]).toEqual([
      200,
      'of the host',
      null,
    ]);
    for (const [method, path] of ROUTES.slice(1)) {
      // oxlint-disable-next-line no-await-in-loop -- one route after the other
      expect((await server.request(method, path)).status).toBe(404);
    }
  });

  it("are protected by the host's own guard, with its dependencies", async () => {
    @Injectable()
    class Badges {
      isValid(badge: unknown): boolean {
        return badge === 'gold';
      }
    }
    @Module({ providers: [Badges], exports: [Badges] })
    class BadgesModule {}
    @Injectable()
    class BadgeGuard implements CanActivate {
      constructor(private readonly badges: Badges) {}
      canActivate(context: ExecutionContext): boolean {
        const { headers } = context
          .switchToHttp()
          .getRequest<{ headers: Record<string, string> }>();
        return this.badges.isValid(headers['badge']);
      }
    }
    const metadata: ModuleMetadata = {
      imports: [
        AgentWebkitModule.forRootAsync({
          imports: [BadgesModule],
          admin: { guard: BadgeGuard, operator: ({ headers }) => String(headers['name']) },
          useFactory: () => ({ auth: { tokens: ['ann:a'] } }),
        }),
      ],
    };
    server = await startApp({}, { adapter, metadata });
    expect((await admin('GET', '/sessions', { badge: 'gold' })).status).toBe(200);
    expect(await admin('GET', '/sessions', { badge: 'tin', ...as('a') })).toMatchObject(
      refused(403, 'forbidden', /^Only an operator/),
    );
    // A page of another site, whose request has the cookie of the operator, but no header of its own.
    const forged = { badge: 'gold', 'sec-fetch-site': 'cross-site' };
    expect(await admin('POST', '/servers/self/drain', forged)).toMatchObject(
      refused(403, 'forbidden', /^A page of another site/),
    );
    expect((await admin('GET', '/sessions', forged)).status).toBe(200);
    for (const headers of [
      { badge: 'gold', 'sec-fetch-site': 'same-origin' },
      { ...forged, authorization: 'Bearer x' },
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await admin('POST', '/servers/self/drain', headers)).status).toBe(409);
    }
  });

  it('are those of each module, under its own path and the global prefix', async () => {
    class SupportAgents extends AgentWebkitModule {}
    class SalesAgents extends AgentWebkitModule {}
    const metadata: ModuleMetadata = {
      imports: [
        SupportAgents.forRoot({ auth: { tokens: ['ann:a'] }, admin: { tokens: ['ops:o'] } }),
        SalesAgents.forRoot({ auth: { tokens: ['ann:a'] }, admin: { tokens: ['eve:e'] } }),
        RouterModule.register([
          { path: 'support', module: SupportAgents },
          { path: 'sales', module: SalesAgents },
        ]),
      ],
    };
    server = await startApp(
      {},
      { adapter, metadata, prefix: '/api', configure: (app) => app.setGlobalPrefix('api') },
    );
    const statusOf = async (path: string, token: string) =>
      (await server.request('GET', `${path}/admin/sessions`, undefined, as(token))).status;
    expect([await statusOf('/support', 'o'), await statusOf('/support', 'e')]).toEqual([200, 401]);
    expect([await statusOf('/sales', 'o'), await statusOf('/sales', 'e')]).toEqual([401, 200]);
    expect(await statusOf('', 'o')).toBe(404);
  });

  it('do not start with options that protect nothing', async () => {
    await start();
    for (const wrong of [{}, { tokens: [] }, { tokens: [''] }, { tokens: 'o' }, true, null]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(boot(adapter, wrong)).rejects.toThrow(/'admin' must be \{ tokens/);
    }
    await expect(boot(adapter, { tokens: ['ops:a'] }, { tokens: ['ann:a'] })).rejects.toThrow(
      /Use another token for operators/,
    );
  });
});
