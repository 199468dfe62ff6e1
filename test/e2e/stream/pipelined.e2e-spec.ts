import type { INestApplication } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { ADAPTERS, startFakeApp, type TestApp } from '../../support/start-app.js';

describe.each(ADAPTERS)('requests that a client pipelines on one connection, on %s', (adapter) => {
  let server: TestApp;
  afterEach(() => server.close());

  it.each(['stream', 'events?after=1&wait=60'])(
    'end with the connection, and are not authenticated again: %s',
    async (path) => {
      const open = new Set<ServerResponse>();
      const checks = { gone: 0, here: 0 };
      ({ server } = await startFakeApp(
        {
          auth: {
            verify: ({ headers }) => {
              checks[headers['x-client'] === 'gone' ? 'gone' : 'here'] += 1;
              return { id: 'ann' };
            },
          },
          stream: { verifyIntervalMs: 5 },
        },
        {
          adapter,
          configure: (app: INestApplication) => {
            app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
              if (request.headers['x-client'] === 'gone') {
                open.add(response);
                response.on('close', () => open.delete(response));
              }
              next();
            });
          },
        },
      ));
      const id = await server.createSession();
      const count = async () => Number((await server.info(id))['subscribers']);
      const { hostname, port } = new URL(server.url);
      const socket = connect(Number(port), hostname);
      socket.write(
        `GET /sessions/${id}/${path} HTTP/1.1\r\nHost: host\r\nX-Client: gone\r\n\r\n`.repeat(20),
      );
      await eventually(async () => (await count()) === 20);
      socket.destroy();

      await eventually(() => open.size === 0);
      await eventually(async () => (await count()) === 0);
      const { gone, here } = { ...checks };
      await server.stream(id);
      await eventually(() => checks.here > here + 5);
      expect(checks.gone).toBe(gone);
    },
  );

  it('are answered one after the other', async () => {
    ({ server } = await startFakeApp({}, { adapter }));
    const id = await server.createSession();
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => (received += text));
    const poll = `GET /sessions/${id}/events?after=1&wait=60 HTTP/1.1\r\nHost: host\r\n\r\n`;
    socket.write(poll.repeat(3));
    await eventually(async () => Number((await server.info(id))['subscribers']) === 3);
    await server.say(id, 'hi');
    await eventually(() => received.split('HTTP/1.1 200 OK').length === 4);
    expect(received.split('"event":"user_message"')).toHaveLength(4);
    socket.destroy();
  });
});
