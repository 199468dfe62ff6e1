import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { eventually } from '../support/eventually.js';
import { type Answer, errorOf, ModelBench } from './model-bench.js';

let bench: ModelBench;
beforeEach(async () => {
  bench = await ModelBench.start();
});
afterEach(() => bench.close());

const HEAD = 'POST /v1/messages HTTP/1.1\r\nhost: model.internal\r\n';

/** Returns the status of each response in the bytes of a connection. */
function statuses(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
}

describe('The model gateway', () => {
  it.each([
    ['GET', '/v1/messages'],
    ['DELETE', '/v1/messages'],
    ['PUT', '/v1/messages'],
    ['OPTIONS', '/v1/messages'],
    ['POST', '/'],
    ['POST', '/v1/complete'],
    ['POST', '/v1/messages/'],
    ['POST', '/v1/messages/batches'],
    ['POST', '/v1/files'],
    ['GET', '/v1/models'],
    ['GET', '/v1/organizations/me'],
    ['POST', '/api/oauth/claude_cli/create_api_key'],
    ['POST', '//v1/messages'],
    ['POST', '/v1//messages'],
    ['POST', '/v1/messages/../../v1/files'],
    ['POST', '/v1/messages/%2e%2e/files'],
    ['POST', '/v1%2Fmessages'],
    ['POST', '/v1/messages%00'],
    ['POST', '/v1/messages;x'],
    ['POST', '/v1/messages?beta=false'],
    ['POST', '/v1/messages?beta=true&x=1'],
    ['POST', '/v1/messages?beta=true#x'],
    ['POST', '/V1/messages'],
    ['POST', '\\v1\\messages'],
    ['POST', 'http://127.0.0.1:1/v1/messages'],
    ['POST', 'http://model.internal/v1/messages'],
    ['POST', '@127.0.0.1/v1/messages'],
    ['POST', '*'],
    ['POST', '/model/claude/invoke'],
    ['POST', '/projects/p/locations/l/publishers/anthropic/models/m:rawPredict'],
  ])('refuses %s %s', async (method, path) => {
    await bench.open();
    const answer = await bench.raw(
      `${method} ${path} HTTP/1.1\r\nhost: model.internal\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    );
    expect(statuses(answer)).toEqual([answer.startsWith('HTTP/1.1 400') ? 400 : 403]);
    expect(answer).toContain('{"type":"error","error":{"type":"');
    expect(bench.seen).toEqual([]);
  });

  it('opens no tunnel, and changes to no other protocol', async () => {
    await bench.open();
    const connected = await bench.raw('CONNECT 127.0.0.1:1 HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(statuses(connected)).toEqual([403]);
    const upgraded = await bench.raw(
      `${HEAD}connection: upgrade\r\nupgrade: websocket\r\ncontent-length: 0\r\n\r\n`,
    );
    expect(statuses(upgraded)).toEqual([403]);
    expect(bench.seen).toEqual([]);
  });

  it.each([
    ['both lengths', `${HEAD}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two different lengths', `${HEAD}content-length: 4\r\ncontent-length: 5\r\n\r\n12345`],
    ['a wrong length', `${HEAD}content-length: +4\r\n\r\n1234`],
    [
      'a folded header',
      `${HEAD}x-a: b\r\n transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n`,
    ],
    ['an unknown transfer encoding', `${HEAD}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a hidden transfer encoding', `${HEAD}transfer-encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['a wrong chunk', `${HEAD}transfer-encoding: chunked\r\n\r\nZZ\r\n1\r\n0\r\n\r\n`],
    ['a null byte', `${HEAD}x-a: b\0c\r\ncontent-length: 0\r\n\r\n`],
    ['a bare line feed in a header', `${HEAD}x-a: b\nx-b: c\r\ncontent-length: 0\r\n\r\n`],
    ['no host', 'POST /v1/messages HTTP/1.1\r\ncontent-length: 0\r\n\r\n'],
  ])('does not pass on a request with %s as another one', async (_, text) => {
    await bench.open();
    const socket = bench.connect();
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => {});
    socket.end(text);
    await new Promise((resolve) => socket.once('close', resolve));
    // Refused, or read as what it is: one request without the part that would be another.
    expect(bench.seen.length).toBeLessThanOrEqual(1);
    for (const { headers, body } of bench.seen) {
      expect(headers['x-a']).toBeUndefined();
      expect(body).toBe('');
    }
    expect(statuses(answer).every((status) => status === 400 || status === 200)).toBe(true);
  });

  it('keeps a second request in the body of the first', async () => {
    await bench.open();
    const second = JSON.stringify({ text: `\r\n\r\n${HEAD}content-length: 0\r\n\r\n` });
    const raw = second.replaceAll('\\r\\n', ' \r\n');
    // The line ends are inside a string, so the body is not valid, and is not taken for another request.
    const answer = await bench.raw(
      `${HEAD}connection: close\r\ncontent-length: ${raw.length}\r\n\r\n${raw}`,
    );
    expect(statuses(answer)).toEqual([400]);
    expect(bench.seen).toHaveLength(0);
  });

  it('drops all headers but those that a request to the model needs', async () => {
    await bench.open();
    await bench.call({
      headers: {
        host: 'evil.example',
        authorization: 'Bearer other',
        'x-api-key': 'other',
        'api-key': 'other',
        cookie: 'a=b',
        'proxy-authorization': 'Basic x',
        'x-forwarded-host': 'evil.example',
        forwarded: 'host=evil.example',
        'x-original-url': '/v1/files',
        'x-http-method-override': 'DELETE',
        'x-target-url': 'https://evil.example',
        'x-amz-security-token': 'other',
        'anthropic-organization-id': 'other',
        'accept-encoding': 'gzip',
        te: 'trailers',
        'anthropic-version': '2023-06-01',
        'x-stainless-lang': 'js',
        'x-claude-code-session-id': 'id',
      },
    });
    expect(Object.keys(bench.seen[0]?.headers ?? {}).sort()).toEqual([
      'accept-encoding',
      'anthropic-version',
      'connection',
      'content-length',
      'content-type',
      'host',
      'x-api-key',
      'x-claude-code-session-id',
      'x-stainless-lang',
    ]);
    expect(bench.seen[0]?.headers).toMatchObject({
      host: new URL(bench.url).host,
      'x-api-key': 'sk-real-key',
      'accept-encoding': 'identity',
    });
  });

  it('passes on no header of a response that leads elsewhere', async () => {
    bench.respond = (_, res) => {
      res.writeHead(200, {
        'content-type': 'application/json',
        'set-cookie': 'a=b',
        'alt-svc': 'h3=":443"',
        link: '<http://evil.example>',
        'anthropic-organization-id': 'org',
        'request-id': 'req_1',
        'anthropic-ratelimit-tokens-remaining': '5',
      });
      res.end('{}');
    };
    await bench.open();
    const { headers } = await bench.call();
    expect(headers).toMatchObject({
      'request-id': 'req_1',
      'anthropic-ratelimit-tokens-remaining': '5',
    });
    for (const name of ['set-cookie', 'alt-svc', 'link', 'anthropic-organization-id']) {
      expect(headers[name]).toBeUndefined();
    }
  });

  it.each([301, 302, 303, 307, 308, 304])('turns a redirect %i into an error', async (status) => {
    bench.respond = (_, res) => {
      res.writeHead(status, { location: `${bench.url}/elsewhere` });
      res.end();
    };
    await bench.open();
    const answer = await bench.call();
    expect(answer.status).toBe(502);
    expect(answer.headers.location).toBeUndefined();
    expect(errorOf(answer).message).toContain('redirects');
    expect(bench.seen).toHaveLength(1);
  });

  it('refuses a body that is too large, by its length and while it arrives', async () => {
    bench.respond = () => {};
    await bench.open({ maxBodyBytes: 1000 });
    const known = await bench.call({
      body: 'x'.repeat(1001),
      headers: { 'content-length': '1001' },
    });
    expect(known.status).toBe(413);
    expect(errorOf(known)).toEqual({
      type: 'request_too_large',
      message: 'The request has more than 1000 bytes, which is the limit of the model gateway.',
    });
    expect(bench.seen).toHaveLength(0);
    const streamed = await bench.call({ body: 'x'.repeat(5000) });
    expect(streamed.status).toBe(413);
  });

  it('refuses headers that are too large, and a compressed body', async () => {
    await bench.open();
    const large = await bench.raw(`${HEAD}x-a: ${'x'.repeat(40_000)}\r\ncontent-length: 0\r\n\r\n`);
    expect(statuses(large)).toEqual([431]);
    const compressed = await bench.call({ headers: { 'content-encoding': 'gzip' } });
    expect(compressed.status).toBe(400);
    expect(bench.seen).toEqual([]);
  });

  it('refuses more requests at the same time than it allows', async () => {
    bench.respond = () => {};
    await bench.open({ maxRequests: 2 });
    const running = [bench.call(), bench.call()].map((call) => call.catch(() => null));
    await eventually(() => bench.seen.length === 2);
    const refused = await bench.call();
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('1');
    expect(errorOf(refused).type).toBe('rate_limit_error');
    await bench.gateway.close();
    await Promise.all(running);
  });

  it('reads no faster from the model than the agent does', async () => {
    let sent = 0;
    bench.respond = (_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      const write = () => {
        while (sent < 50_000_000 && !res.destroyed) {
          sent += 65_536;
          if (!res.write(Buffer.alloc(65_536))) return void res.once('drain', write);
        }
        return undefined;
      };
      write();
    };
    await bench.open();
    const call = request({ socketPath: bench.socket, path: '/v1/messages', method: 'POST' });
    call.on('error', () => {});
    call.end('{}');
    const response = await new Promise<NodeJS.ReadableStream>((resolve) =>
      call.once('response', resolve),
    );
    response.pause();
    await settled(() => sent);
    expect(sent).toBeLessThan(25_000_000);
    call.destroy();
  });

  const PAGE = { type: 'url', url: 'https://evil.example/?what-the-agent-knows' };
  it.each([
    ['MCP servers', { mcp_servers: [PAGE] }],
    ['MCP servers as an object', { mcp_servers: { a: PAGE } }],
    ['a tool that fetches', { tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }] }],
    ['a set of tools of an MCP server', { tools: [{ type: 'mcp_toolset' }] }],
    ['an image', { messages: [{ role: 'user', content: [{ type: 'image', source: PAGE }] }] }],
    ['a document', { messages: [{ role: 'user', content: [{ type: 'document', source: PAGE }] }] }],
    [
      'an image in the result of a tool',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 't', content: [{ type: 'image', source: PAGE }] },
            ],
          },
        ],
      },
    ],
    ['a document in the system prompt', { system: [{ type: 'document', source: PAGE }] }],
  ])('refuses a request by which the model fetches %s from an address', async (_, fields) => {
    await bench.open();
    for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
      // oxlint-disable-next-line no-await-in-loop -- both are asserted
      const answer = await bench.call({ path, body: JSON.stringify({ model: 'm', ...fields }) });
      expect(answer.status).toBe(403);
      expect(errorOf(answer).type).toBe('permission_error');
    }
    expect(bench.seen).toEqual([]);
  });

  it.each([
    ['a key twice', '{"mcp_servers":[{}],"mcp_servers":[]}'],
    [
      'a key twice further in',
      '{"messages":[{"content":[{"source":{"type":"url","type":"base64"}}]}]}',
    ],
    ['an escaped key twice', '{"tools":[{"type":"x"}],"tool\\u0073":[]}'],
    ['a key in another case', '{"MCP_servers":[{"url":"x"}]}'],
    ['too many keys', `{${Array.from({ length: 100_001 }, (_, key) => `"${key}":1`).join()}}`],
    ['too many values', `[${'1,'.repeat(500_001)}1]`],
    ['too many levels', '['.repeat(501) + ']'.repeat(501)],
    ['text that does not end', '{"a":"b'],
  ])('refuses a body with %s', async (_, body) => {
    await bench.open();
    const answer = await bench.call({ body });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).type).toBe('invalid_request_error');
    expect(bench.seen).toEqual([]);
  });

  it('refuses further requests of an agent whose requests take too long to check', async () => {
    await bench.open();
    // Each takes a part of a second, of which an agent has three in a minute.
    const body = `{${Array.from({ length: 99_000 }, (_, key) => `"\\u0061${key}":1`).join()}}`;
    const answers: Answer[] = [];
    while (answers.length < 300 && answers.at(-1)?.status !== 429) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      answers.push(await bench.call({ body }));
    }
    const refused = answers.at(-1)!;
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(errorOf(refused).message).toContain('take too long to check');
  });

  it('passes on what only looks like an address to fetch', async () => {
    await bench.open();
    const body = JSON.stringify({
      mcp_servers: [],
      tools: [{ name: 'fetch', input_schema: { properties: { source: { type: 'url' } } } }],
      messages: [
        { role: 'user', content: 'mcp_servers {"type":"url","type":"url"} \\" \\\\' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', input: { source: PAGE } }] },
      ],
    });
    expect((await bench.call({ body })).status).toBe(200);
    expect(bench.seen[0]?.body).toBe(body);
  });
});

/** Resolves when a number no longer grows. */
async function settled(read: () => number): Promise<void> {
  let last = -1;
  let same = 0;
  await eventually(() => {
    const now = read();
    same = now === last ? same + 1 : 0;
    last = now;
    return same > 40;
  });
}
