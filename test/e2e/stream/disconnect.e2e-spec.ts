import type { INestApplication } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { ADAPTERS, startFakeApp, type TestApp } from '../../support/start-app.js';

const CASES = ['stream', 'events?after=1&wait=60'].flatMap((path) =>
  [1, 3].map((requests) => ({ path, requests })),
);

describe.each(ADAPTERS)('a client that disconnects during authentication, on %s', (adapter) => {
  let server: TestApp;
  afterEach(() => server.close());

  it.each(CASES)(
    'is not authenticated again: $path, with $requests on the connection',
    async ({ path, requests }) => {
      const held: (() => void)[] = [];
      const checks = { gone: 0, here: 0 };
      let isClosed = false;
      ({ server } = await startFakeApp(
        {
          auth: {
            verify: async ({ headers }) => {
              const client = headers['x-client'] === 'gone' ? 'gone' : 'here';
              checks[client] += 1;
              if (client === 'gone' && checks.gone <= requests) {
                await new Promise<void>((resolve) => held.push(resolve));
              }
              return { id: 'ann' };
            },
          },
          stream: { verifyIntervalMs: 5 },
        },
        {
          adapter,
          configure: (app: INestApplication) => {
            app.use((request: IncomingMessage, _: unknown, next: () => void) => {
              if (request.headers['x-client'] === 'gone')
                request.socket.once('close', () => (isClosed = true));
              next();
            });
          },
        },
      ));
      const id = await server.createSession();
      const { hostname, port } = new URL(server.url);
      const socket = connect(Number(port), hostname);
      const request = `GET /sessions/${id}/${path} HTTP/1.1\r\nHost: host\r\nX-Client: gone\r\n\r\n`;
      socket.write(request.repeat(requests));
      await eventually(() => held.length === requests);
      socket.destroy();
      await eventually(() => isClosed);

      for (const release of held) release();
      const { here } = checks;
      await server.stream(id);
      await eventually(() => checks.here > here + 5);
      expect(checks.gone).toBe(requests);
    },
  );
});
