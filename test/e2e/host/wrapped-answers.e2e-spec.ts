import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { createAgentClient } from '@agent-webkit/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { map, type Observable, tap } from 'rxjs';
import { isAgentWebkitRoute } from '../../../src/agent-webkit/http/is-agent-webkit-route.js';
import { SessionsController } from '../../../src/agent-webkit/sessions.controller.js';
import { assistant, init, result, text } from '../../support/sdk-messages.js';
import { ADAPTERS, startFakeApp, type TestApp } from '../../support/start-app.js';

/** Decides which responses {@link WrapAnswers} leaves unchanged. */
type IsRaw = (context: ExecutionContext) => boolean;

/** A global interceptor of many hosts: every response becomes `{ data }`. */
class WrapAnswers implements NestInterceptor {
  constructor(private readonly isRaw: IsRaw) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return this.isRaw(context)
      ? next.handle()
      : next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

const RAW = 'raw';
const rawByMetadata: IsRaw = (context) =>
  new Reflector().getAllAndOverride<boolean>(RAW, [context.getHandler(), context.getClass()]);

describe.each(ADAPTERS)('a host on %s whose global interceptor wraps each response', (adapter) => {
  let server: TestApp;
  const seen: string[] = [];
  const guard: CanActivate = { canActivate: () => seen.push('guard') > 0 };
  const audit: NestInterceptor = {
    intercept: (_, next) => next.handle().pipe(tap({ complete: () => seen.push('interceptor') })),
  };
  const start = async (isRaw: IsRaw) => {
    const started = await startFakeApp(
      {},
      {
        adapter,
        configure: (app) => {
          app.useGlobalGuards(guard);
          app.useGlobalInterceptors(audit, new WrapAnswers(isRaw));
        },
      },
    );
    server = started.server;
    return started;
  };
  afterEach(async () => {
    await server.close();
    Reflect.deleteMetadata(RAW, SessionsController);
    seen.length = 0;
  });

  it('wraps the responses of the module, too', async () => {
    await start(() => false);
    const { body } = await server.request('POST', '/sessions', {});
    expect(body).toMatchObject({ data: { session_id: expect.any(String) } });
  });

  it.each([
    ['it checks isAgentWebkitRoute', isAgentWebkitRoute, () => undefined],
    [
      'its own decorator is applied to SessionsController',
      rawByMetadata,
      () => SetMetadata(RAW, true)(SessionsController),
    ],
  ])('serves the published client when %s', async (_, isRaw, decorate) => {
    decorate();
    const { agents } = await start(isRaw);
    const client = createAgentClient({ baseUrl: server.url });
    const session = await client.createSession();
    await session.send('hi');
    await agents.newest().received(1);
    agents.newest().say(init(), assistant([text('hello')]), result());
    for await (const { event } of session.events()) if (event === 'result') break;
    expect(await server.info(session.id)).toMatchObject({ session_id: session.id, state: 'idle' });
    expect(seen.filter((name) => name === 'guard').length).toBeGreaterThanOrEqual(4);
    expect(seen).toContain('interceptor');
    const missing = await server.request('GET', '/sessions/unknown');
    expect(missing.body).toMatchObject({ statusCode: 404, code: 'session_not_found' });
  });
});
