import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import {
  AUTHORIZED,
  createSession,
  HeldAgentServer,
  openStream,
  postMessage,
  readAll,
} from './held-agent-server.js';
import { DEV_PROXIES } from './dev-proxies.js';
import { PROXIES, type Proxy } from './proxies.js';
import {
  connectTo,
  type HttpVersion,
  type ProxiedRequest,
  type ProxiedResponse,
  type ProxyClient,
} from './proxy-client.js';
import { describeBehind, findBlock, StartedProxy } from './started-proxy.js';

const CONCURRENT_STREAMS = 20;

/** Returns how many streams a client can open and still send a message. */
const streamsOf = ({ http2Requests = Infinity }: Proxy, version: HttpVersion) =>
  version === 'HTTP/2' ? Math.min(CONCURRENT_STREAMS, http2Requests - 1) : CONCURRENT_STREAMS;

/** Headers of a connection, or of the moment. */
const OWN_HEADERS = ['connection', 'date', 'keep-alive', 'transfer-encoding'];

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create(['src', 'test/proxies']);
});
afterAll(() => sources.remove());

describe.each([...PROXIES, ...DEV_PROXIES])('The block for $name', (proxy) => {
  describeBehind(proxy)('passes on', () => {
    let server: HeldAgentServer;
    let started: StartedProxy;
    let clients: ProxyClient[] = [];
    beforeAll(async () => {
      server = await HeldAgentServer.start(sources);
      started = await StartedProxy.start(proxy, findBlock(proxy), server.port);
    });
    afterEach(() => {
      for (const client of clients.splice(0)) client.close();
    });
    afterAll(async () => {
      await started?.stop();
      await server?.kill();
    });

    const connect = (version: HttpVersion): ProxyClient => {
      const client = started.connect(version);
      clients.push(client);
      return client;
    };

    it.each(proxy.versions)('each event before the next one is written (%s)', async (version) => {
      const client = connect(version);
      const id = await createSession(client);
      const stream = await openStream(client, id);
      expect((await postMessage(client, id, 'Begin.')).status).toBe(204);
      for (const text of ['a', 'é', '日本', '🙂']) {
        server.write(text);
        // oxlint-disable-next-line no-await-in-loop -- the agent goes on when the client has received it
        await stream.has(`"${text}"`);
      }
      server.endTurn();
      await stream.has('event: result');
    });

    it.each(proxy.versions.map((version) => [streamsOf(proxy, version), version] as const))(
      '%i streams at once (%s)',
      async (count, version) => {
        const client = connect(version);
        const id = await createSession(client);
        const streams = await Promise.all(
          Array.from({ length: count }, () => openStream(client, id)),
        );
        expect((await postMessage(client, id, 'Begin.')).status).toBe(204);
        for (const text of ['one', 'two']) {
          server.write(text);
          // oxlint-disable-next-line no-await-in-loop -- the agent goes on when the clients have received it
          await Promise.all(streams.map((stream) => stream.has(`"${text}"`)));
        }
        server.endTurn();
      },
    );

    it.each(proxy.versions)('the comments that keep a stream open (%s)', async (version) => {
      const client = connect(version);
      const stream = await openStream(client, await createSession(client));

      await stream.has(': keepalive\n: keepalive\n');
      expect(stream.headers['content-type']).toMatch(/^text\/event-stream/);
    });

    it.each(proxy.versions)('the list of open requests (%s)', async (version) => {
      const request = { path: '/requests', headers: AUTHORIZED };
      const { status, text } = await readAll(connect(version), request);
      expect({ status, text }).toEqual({ status: 200, text: '{"requests":[],"next_cursor":null}' });
    });

    it.each(proxy.versions)('the disconnect of a client (%s)', async (version) => {
      const client = connect(version);
      const id = await createSession(client);
      const stream = await openStream(client, id);
      await stream.has(': keepalive');
      expect(await server.subscribersOf(id)).toBe(1);
      stream.close();

      await eventually(
        () => server.subscribersOf(id),
        (count) => count === 0,
        10_000,
      );
    });

    it.each(proxy.versions)('the cursor, in the header and in the query (%s)', async (version) => {
      const client = connect(version);
      const id = await createSession(client);
      const path = `/sessions/${id}/stream`;

      const [whole, byHeader, byQuery] = await Promise.all([
        client.send({ path, headers: AUTHORIZED }),
        client.send({ path, headers: { ...AUTHORIZED, 'last-event-id': '1' } }),
        client.send({ path: `${path}?last_event_id=1`, headers: AUTHORIZED }),
      ]);
      for (const stream of [whole, byHeader, byQuery]) {
        // oxlint-disable-next-line no-await-in-loop -- all of them are open
        await stream.has(': keepalive');
      }
      expect(whole.text).toContain('id: 1\n');
      expect(byHeader.text + byQuery.text).not.toContain('id: 1\n');
    });

    it.each(proxy.versions)('a long poll, and the event that ends it (%s)', async (version) => {
      const client = connect(version);
      const id = await createSession(client);
      const { last_id: last } = JSON.parse((await server.ask(`/sessions/${id}/events`)).text) as {
        last_id: number;
      };
      const polled = readAll(client, {
        path: `/sessions/${id}/events?after=${last}&wait=60`,
        headers: AUTHORIZED,
      });
      await eventually(
        () => server.subscribersOf(id),
        (count) => count === 1,
      );
      expect((await postMessage(client, id, 'Begin.')).status).toBe(204);

      const { status, text } = await polled;
      expect([status, text]).toEqual([200, expect.stringContaining(`"id":${last + 1}`)]);
      server.endTurn();
    });

    it.each(proxy.versions)('a body as large as a message may be (%s)', async (version) => {
      const client = connect(version);
      const id = await createSession(client);
      const image = {
        type: 'image',
        source: {
          type: 'base64',
          media_type: 'image/png',
          data: Buffer.alloc(5 * 1024 * 1024).toString('base64'),
        },
      };

      const answer = await postMessage(client, id, [image]);
      expect([answer.status, answer.text]).toEqual([204, '']);
      server.endTurn();
    });

    it.each(proxy.versions)('rejections unchanged (%s)', async (version) => {
      const client = connect(version);
      const id = await createSession(client);
      const path = `/sessions/${id}/stream`;
      const requests = [
        { path, headers: {} },
        { path, headers: { ...AUTHORIZED, 'last-event-id': '99' } },
        { path: '/sessions/unknown', headers: AUTHORIZED },
        {
          path: `/sessions/${id}/input`,
          method: 'POST',
          headers: { ...AUTHORIZED, 'content-type': 'application/json' },
          body: 'a'.repeat(10 * 1024 * 1024 + 1),
        },
      ];
      const direct = connectTo(server.url);
      const statuses: number[] = [];
      for (const request of requests) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const [wanted, answer] = [
          await readAll(direct, request),
          await readDespiteReset(client, request),
        ];
        expect(describeResponse(answer)).toMatchObject(describeResponse(wanted));
        statuses.push(answer.status);
      }
      expect(statuses).toEqual([401, 412, 404, 413]);
    });

    // The last test: the server does not start again.
    it('the end of a server that was killed', async () => {
      const streams = await Promise.all(
        proxy.versions.map(async (version) => {
          const client = connect(version);
          const stream = await openStream(client, await createSession(client));
          await stream.has(': keepalive');
          return stream;
        }),
      );
      await server.kill();

      await Promise.all(streams.map((stream) => stream.ended()));
    });
  });
});

/**
 * Sends a request and reads the whole response. Squid may reset a connection on which it receives a body
 * that the server has rejected already, so the request is repeated.
 */
async function readDespiteReset(
  client: ProxyClient,
  request: ProxiedRequest,
  attempts = 5,
): Promise<ProxiedResponse> {
  try {
    return await readAll(client, request);
  } catch (error) {
    if (attempts === 1) throw error;
    return readDespiteReset(client, request, attempts - 1);
  }
}

function describeResponse({ status, text, headers }: ProxiedResponse): Record<string, unknown> {
  const own = Object.entries(headers).filter(([name]) => !OWN_HEADERS.includes(name));
  return { status, text, headers: Object.fromEntries(own) };
}
