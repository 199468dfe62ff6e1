import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom, from, lastValueFrom, type Observable, of, Subject, switchMap } from 'rxjs';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { eventually } from '../../support/eventually.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { ADAPTERS, startApp, type StartAppOptions, type TestApp } from '../../support/start-app.js';

/** Waits for something before the stream begins, such as a database. */
class AskingInterceptor implements NestInterceptor {
  constructor(private readonly ask: () => Promise<void>) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getHandler().name !== 'stream') return next.handle();
    return from(this.ask()).pipe(switchMap(() => next.handle()));
  }
}

/** Waits for the whole response, as an interceptor that ends a transaction does. A stream's never ends. */
class CollectingInterceptor implements NestInterceptor {
  async intercept(_: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    return of(await lastValueFrom(next.handle()));
  }
}

/** Like middleware that logs responses, and forgets to return whether there is room for more. */
function watchWrites(_: unknown, response: ServerResponse, next: () => void): void {
  const write = response.write.bind(response) as (...args: unknown[]) => boolean;
  response.write = (...args: unknown[]) => void write(...args) as never;
  next();
}

/** Like middleware that replaces `write` once it has seen the headers. */
function shoutFromHeadersOn(_: unknown, response: ServerResponse, next: () => void): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  const write = response.write.bind(response);
  response.writeHead = (...args: unknown[]) => {
    response.write = ((bytes: Buffer | string) =>
      write(String(bytes).replace('turn_start', 'TURN_START'))) as never;
    return writeHead(...args);
  };
  next();
}

/** Like middleware that fails once a turn has started, for requests that ask for it. */
function breakWrites(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  if (request.url?.includes('break')) {
    const write = response.write.bind(response) as (...args: unknown[]) => boolean;
    response.write = ((...args: unknown[]) => {
      if (String(args[0]).includes('turn_start')) throw new Error('broken');
      return write(...args);
    }) as never;
  }
  next();
}

describe.each(ADAPTERS)('a stream in a host app on %s', (adapter) => {
  let server: TestApp;
  const start = async (
    options: AgentWebkitModuleOptions,
    configure: NonNullable<StartAppOptions['configure']>,
  ) => {
    server = await startApp(
      { ...options, agent: { sdkFactory: fakeAgents().factory, ...options.agent } },
      { adapter, configure },
    );
  };
  afterEach(() => server.close());

  it('goes on when middleware replaces `write` with one that returns nothing', async () => {
    await start({ stream: { keepAliveMs: 10 } }, (app) => app.use(watchWrites));
    const id = await server.createSession();
    const stream = await server.stream(id);
    await stream.until(() => stream.comments.length > 1);
    await server.say(id, 'hi');
    await stream.next('turn_start');
    expect(stream.ids()).toEqual([1, 2, 3]);
  });

  it('writes through middleware that replaces `write` when the headers are sent', async () => {
    await start({}, (app) => app.use(shoutFromHeadersOn));
    const id = await server.createSession();
    const stream = await server.stream(id);
    await server.say(id, 'hi');
    await stream.next('TURN_START');
  });

  it('is cut when writing its response fails, and other streams go on', async () => {
    await start({}, (app) => app.use(breakWrites));
    const id = await server.createSession();
    const broken = await server.stream(id, {}, '?break');
    await broken.next('session_ready');
    const whole = await server.stream(id);
    await whole.next('session_ready');
    await server.say(id, 'hi');
    await whole.next('turn_start');
    await broken.ended();
    expect([broken.isCut, whole.isEnded]).toEqual([true, false]);
    await eventually(async () => (await server.info(id))['subscribers'] === 1);
  });

  it('is rejected before the first byte although an interceptor is slow', async () => {
    const interceptor = new AskingInterceptor(() => delay(50));
    await start({ stream: { maxSubscribers: 1 } }, (app) => app.useGlobalInterceptors(interceptor));
    const id = await server.createSession();
    const ahead = await server.request('GET', `/sessions/${id}/stream?last_event_id=9`);
    expect([ahead.status, ahead.body['code']]).toEqual([412, 'cursor_ahead']);
    const first = await server.stream(id);
    await first.next('session_ready');
    const second = await server.request('GET', `/sessions/${id}/stream`);
    expect([second.status, second.body['code']]).toEqual([429, 'too_many_subscribers']);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('is cut, without an event or an id, when it is rejected after its headers were sent', async () => {
    const answer = new Subject<void>();
    const interceptor = new AskingInterceptor(() => firstValueFrom(answer));
    await start({ stream: { maxSubscribers: 1 } }, (app) => app.useGlobalInterceptors(interceptor));
    const id = await server.createSession();
    const streams = await Promise.all([server.stream(id), server.stream(id)]);
    expect(streams.map(({ status }) => status)).toEqual([200, 200]);
    answer.next();
    await Promise.race(streams.map((stream) => stream.ended()));
    const [live, cut] = streams[0]?.isEnded ? [streams[1], streams[0]] : streams;
    await live?.next('session_ready');
    expect([live?.isEnded, cut?.raw]).toEqual([false, ':\n']);
  });

  it('leaves no subscriber behind when an interceptor never unsubscribes', async () => {
    await start({}, (app) => app.useGlobalInterceptors(new CollectingInterceptor()));
    const id = await server.createSession();
    const request = get(`${server.url}/sessions/${id}/stream`, { agent: false });
    request.on('error', () => undefined);
    const subscribers = async () => (await server.info(id))['subscribers'];
    await eventually(async () => (await subscribers()) === 1);
    request.destroy();
    await eventually(async () => (await subscribers()) === 0);
  });
});
