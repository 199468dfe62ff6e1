import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { feedSSE, newSSEParserState } from '@agent-webkit/core';
import { type EventSourceMessage, fetchEventSource } from '@microsoft/fetch-event-source';
import {
  ADAPTERS,
  startFakeApp,
  type StartAppOptions,
  type TestApp,
} from '../../support/start-app.js';

/** Replaces both methods, calls them later than the stream does, and counts the calls. */
function wrapResponse(_: IncomingMessage, response: ServerResponse, next: () => void): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    const write = response.write.bind(response) as (...args: unknown[]) => boolean;
    response.write = (...given: unknown[]) => write(...given);
    return writeHead(...args);
  };
  next();
}

describe.each(ADAPTERS)('the bytes of a stream on %s', (adapter) => {
  let server: TestApp;
  const start = async (configure?: StartAppOptions['configure']) => {
    ({ server } = await startFakeApp(
      { stream: { keepAliveMs: 20 } },
      { adapter, ...(configure && { configure }) },
    ));
    return await server.createSession();
  };
  // The published client reads these two of a browser.
  beforeAll(() => {
    Object.assign(globalThis, { window: globalThis, document: { removeEventListener: () => {} } });
  });
  afterEach(() => server.close());

  it.each<[string, StartAppOptions['configure']]>([
    ['', undefined],
    [' when middleware replaces the methods of the response', (app) => app.use(wrapResponse)],
  ])('contain an empty line only at the end of an event%s', async (_, configure) => {
    const id = await start(configure);
    const stream = await server.stream(id);
    await stream.until(() => stream.comments.length > 1);
    await server.say(id, 'hi');
    await stream.next('turn_start');
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const [opening, ...rest] = stream.raw.split('\n');
    expect([opening, rest[0]]).toEqual([':', 'id: 1']);
    expect(stream.raw.match(/^$/gm)).toHaveLength(3 + 1);
    expect(stream.raw.match(/^data: .*\n\n/gm)).toHaveLength(3);
  });

  it('arrive before the first event, so that a client knows that it is connected', async () => {
    const id = await start();
    const stream = await server.stream(id, { 'last-event-id': '1' });
    await stream.until(() => stream.raw !== '');
    expect(stream.raw).toMatch(/^:\n/);
  });

  it('are only events for @microsoft/fetch-event-source', async () => {
    const id = await start();
    const messages: EventSourceMessage[] = [];
    const end = new AbortController();
    let bytes = '';
    const read = fetchEventSource(`${server.url}/sessions/${id}/stream`, {
      openWhenHidden: true,
      signal: end.signal,
      fetch: async (...args) => {
        const response = await fetch(...args);
        const watch = new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => {
            bytes += Buffer.from(chunk).toString();
            controller.enqueue(chunk);
          },
        });
        return new Response(response.body?.pipeThrough(watch), response);
      },
      onmessage: (message) => {
        messages.push(message);
        if (message.event === 'turn_start' || messages.length > 5) end.abort();
        // The comments come before the message.
        else if (message.event === 'session_ready') void sayAfterKeepAlive();
      },
      onerror: (error) => {
        throw error;
      },
    });
    const sayAfterKeepAlive = async () => {
      const watch = await server.stream(id, { 'last-event-id': '1' });
      await watch.until(() => watch.comments.length > 2);
      await server.say(id, 'hi');
    };
    await read;
    expect(bytes).toContain(': keepalive');
    expect(messages.map(({ event }) => event)).toEqual([
      'session_ready',
      'user_message',
      'turn_start',
    ]);
  });

  it('are the same events for @agent-webkit/core', async () => {
    const id = await start();
    const stream = await server.stream(id);
    await stream.until(() => stream.comments.length > 1);
    await server.say(id, 'hi');
    await stream.next('turn_start');
    const parsed = feedSSE(newSSEParserState(), stream.raw);
    expect(parsed.map((event) => [event.id, event.event])).toEqual([
      ['1', 'session_ready'],
      ['2', 'user_message'],
      ['3', 'turn_start'],
    ]);
  });
});
