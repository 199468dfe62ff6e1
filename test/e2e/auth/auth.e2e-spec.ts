import {
  type CanActivate,
  type ExecutionContext,
  Global,
  Injectable,
  Module,
  ServiceUnavailableException,
} from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import { AgentWebkitModule } from '../../../src/agent-webkit/agent-webkit.module.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import type { AgentWebkitRequest } from '../../../src/agent-webkit/options/groups/top-level.js';
import type { Caller } from '../../../src/agent-webkit/engine/caller.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { refused } from '../../support/refused.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/start-app.js';

const UNAUTHORIZED = refused(401, 'unauthorized', /Authorization: Bearer/);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const ROUTES = [
  ['POST', '/sessions'],
  ['GET', '/sessions'],
  ['GET', '/sessions/ID'],
  ['GET', '/sessions/ID/events'],
  ['GET', '/sessions/ID/decisions'],
  ['GET', '/sessions/ID/stream'],
  ['POST', '/sessions/ID/input'],
  ['DELETE', '/sessions/ID'],
] as const;
const OF_ONE_SESSION = ROUTES.filter(([, path]) => path.includes('ID'));
const INTERRUPT = { type: 'interrupt' };

@Injectable()
class Users {
  find(header: string | string[] | undefined): { id: string } | null {
    return typeof header === 'string' && header.startsWith('user ') ? { id: header } : null;
  }
}

@Global()
@Module({ providers: [Users], exports: [Users] })
class UsersModule {}

@Injectable()
class UsersGuard implements CanActivate {
  constructor(private readonly users: Users) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AgentWebkitRequest & { user?: unknown }>();
    request.user = this.users.find(request.headers['authorization']) ?? undefined;
    return request.headers['x-banned'] === undefined;
  }
}

class ObservableGuard implements CanActivate {
  canActivate() {
    return of(true);
  }
}

const fail = (error: Error) => () => {
  throw error;
};

describe.each(ADAPTERS)('Authentication on %s', (adapter) => {
  let server: TestApp;
  const { factory: sdkFactory } = fakeAgents();
  const start = async (auth: AgentWebkitModuleOptions['auth']) => {
    server = await startApp({ ...(auth ? { auth } : {}), agent: { sdkFactory } }, { adapter });
  };
  const createAs = (headers: Record<string, string>) =>
    server.request('POST', '/sessions', {}, headers);
  const startGuarded = async (module: ReturnType<typeof AgentWebkitModule.forRoot>) => {
    server = await startApp({}, { adapter, metadata: { imports: [UsersModule, module] } });
  };
  afterEach(() => server.close());

  it.each([
    ['without a header', {}],
    ['with a wrong token', bearer('wrong')],
    ['with part of a token', bearer('s')],
    ['with a token prefixed by its owner', bearer('ann:secret')],
    ['with another scheme', { authorization: 'Basic secret' }],
    ['with a token but no scheme', { authorization: 'secret' }],
    ['with two tokens', bearer('secret secret')],
    ['with an empty token', bearer('')],
    ['with a huge token', bearer('x'.repeat(8000))],
  ] as [string, Record<string, string>][])(
    'answers 401 on every route to a request %s',
    async (_, headers) => {
      await start({ tokens: ['ann:secret', 'plain'] });
      for (const [method, path] of ROUTES) {
        const body = method === 'POST' ? { type: 'nonsense' } : undefined;
        expect(await server.request(method, path, body, headers)).toMatchObject(UNAUTHORIZED);
      }
    },
  );

  it.each([
    ['names the scheme when a request has no token', {}, 'Bearer realm="agent-webkit"'],
    [
      'names the scheme when another was used',
      { authorization: 'Basic YTpi' },
      'Bearer realm="agent-webkit"',
    ],
    [
      'says that the token is invalid',
      bearer('wrong'),
      'Bearer realm="agent-webkit", error="invalid_token"',
    ],
  ] as [string, Record<string, string>, string][])(
    'WWW-Authenticate of a response with 401 %s',
    async (_, headers, challenge) => {
      await start({ tokens: ['plain'] });
      for (const [method, path] of ROUTES) {
        const answer = await server.request(method, path, undefined, headers);
        expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, challenge]);
      }
      const accepted = await createAs(bearer('plain'));
      expect(accepted.headers.get('www-authenticate')).toBeNull();
    },
  );

  it('accepts every configured token, with the scheme in any case', async () => {
    await start({ tokens: ['ann:secret', 'plain', 'bob:a:b'] });
    for (const header of ['Bearer secret', 'bearer plain', 'BEARER a:b']) {
      expect((await createAs({ authorization: header })).status).toBe(200);
    }
  });

  it("answers the same for another caller's session as for one that does not exist", async () => {
    await start({ tokens: ['ann:a', 'bob:b'] });
    const { body } = await createAs(bearer('a'));
    const ask = (method: string, path: string, id: string) =>
      server.request(
        method,
        path.replace('ID', id),
        method === 'POST' ? INTERRUPT : undefined,
        bearer('b'),
      );
    for (const [method, path] of OF_ONE_SESSION) {
      const foreign = await ask(method, path, String(body['session_id']));
      const unknown = await ask(method, path, '8d0f7f1e-3c1b-4d9c-9a57-0d2f4f6a8b10');
      expect(foreign).toMatchObject(refused(404, 'session_not_found', /^Session not found/));
      expect(foreign.body).toEqual(unknown.body);
      const names = ({ headers }: typeof foreign) => [...headers.keys()].sort();
      expect(names(foreign)).toEqual(names(unknown));
    }
    const list = (token: string) => server.request('GET', '/sessions', undefined, bearer(token));
    expect((await list('b')).body['sessions']).toEqual([]);
    expect((await list('a')).body['sessions']).toHaveLength(1);
  });

  it('limits the sessions of each owner, and shares them between all tokens of that owner', async () => {
    server = await startApp(
      {
        agent: { sdkFactory },
        auth: { tokens: ['ann:a', 'ann:a2', 'bob:b'] },
        limits: { maxSessionsPerOwner: 1 },
      },
      { adapter },
    );
    const { body } = await createAs(bearer('a'));
    expect((await createAs(bearer('a2'))).status).toBe(429);
    expect((await createAs(bearer('b'))).status).toBe(200);
    const path = `/sessions/${String(body['session_id'])}`;
    expect((await server.request('GET', path, undefined, bearer('a2'))).status).toBe(200);
  });

  const ann: Caller = { id: 'ann' };
  it.each([
    ['accepts the caller that verify returns', () => ann, 200],
    ['accepts the caller that verify resolves to', () => Promise.resolve(ann), 200],
    ['answers 401 when verify returns null', () => null, 401],
    ['answers 401 when verify resolves to null', () => Promise.resolve(null), 401],
    ['answers 401 when verify throws', fail(new Error('jwt malformed')), 401],
    ['answers 401 when verify rejects', () => Promise.reject(new Error('jwt expired')), 401],
    [
      'answers with the status of an HTTP exception that verify throws',
      fail(new ServiceUnavailableException()),
      503,
    ],
    ['answers 401 when verify returns a caller without an id', () => ({ id: '' }), 401],
    [
      'answers 401 when verify returns a value that is not a caller',
      () => true as unknown as Caller,
      401,
    ],
  ] as [string, () => Caller | null | Promise<Caller | null>, number][])(
    '%s',
    async (_, verify, status) => {
      await start({ verify });
      const answer = await createAs({});
      expect(answer.status).toBe(status);
      if (status === 401) expect(answer).toMatchObject(UNAUTHORIZED);
      expect(JSON.stringify(answer.body)).not.toContain('jwt');
    },
  );

  it('passes the request to verify', async () => {
    await start({ verify: ({ headers }) => (headers['x-user'] ? { id: 'ann' } : null) });
    expect((await createAs({ 'x-user': 'ann' })).status).toBe(200);
    expect((await createAs({})).status).toBe(401);
  });

  it.each([
    ['forRoot', () => AgentWebkitModule.forRoot({ agent: { sdkFactory }, guard: UsersGuard })],
    [
      'forRootAsync',
      () =>
        AgentWebkitModule.forRootAsync({
          imports: [UsersModule],
          guard: UsersGuard,
          useFactory: () => ({ agent: { sdkFactory } }),
        }),
    ],
  ])(
    "uses the host's guard with its dependencies when the guard is passed to %s",
    async (_, module) => {
      await startGuarded(module());
      const { status, body } = await createAs({ authorization: 'user 1' });
      expect(status).toBe(200);
      const path = `/sessions/${String(body['session_id'])}`;
      const get = (headers: Record<string, string>) =>
        server.request('GET', path, undefined, headers);
      expect((await get({ authorization: 'user 1' })).status).toBe(200);
      expect((await get({ authorization: 'user 2' })).status).toBe(404);
      expect((await get({})).status).toBe(401);
      expect(await get({ authorization: 'user 1', 'x-banned': '1' })).toMatchObject(
        refused(403, 'forbidden', /./),
      );
    },
  );

  it("identifies the caller with hooks.caller when the host's guard authenticates requests", async () => {
    await startGuarded(
      AgentWebkitModule.forRoot({
        agent: { sdkFactory },
        guard: ObservableGuard,
        hooks: {
          caller: ({ headers }) =>
            headers['x-tenant'] ? { id: String(headers['x-tenant']) } : null,
        },
      }),
    );
    expect((await createAs({ 'x-tenant': 't1' })).status).toBe(200);
    expect((await createAs({})).status).toBe(401);
  });
});
