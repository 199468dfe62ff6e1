import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { eventually } from '../support/eventually.js';
import { errorOf, messageEvents, ModelBench } from './model-bench.js';

let bench: ModelBench;
beforeEach(async () => {
  bench = await ModelBench.start();
});
afterEach(() => bench.close());

describe('the model gateway', () => {
  it('replaces the placeholder by the key, and passes on the response', async () => {
    const { environment } = await bench.open();
    expect(environment).toEqual({
      ANTHROPIC_API_KEY: 'placeholder',
      ANTHROPIC_BASE_URL: 'http://model.internal',
      ANTHROPIC_UNIX_SOCKET: bench.socket,
    });
    const answer = await bench.call({
      path: '/v1/messages?beta=true',
      headers: { 'x-api-key': 'placeholder', 'anthropic-beta': 'some-beta', 'x-app': 'cli' },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toBe(messageEvents().join(''));
    const [{ url, headers, body } = { url: '', headers: {}, body: '' }] = bench.seen;
    expect(url).toBe('/v1/messages?beta=true');
    expect(headers).toMatchObject({
      'x-api-key': 'sk-real-key',
      'anthropic-beta': 'some-beta',
      'x-app': 'cli',
      host: new URL(bench.url).host,
    });
    expect(body).toBe('{"model":"claude-opus-5-5","messages":[]}');
  });

  it('keeps its socket to its own user', async () => {
    await bench.open();
    const { mode } = await stat(bench.socket);
    expect(mode & 0o777).toBe(0o600);
  });

  it('passes on each event when it arrives', async () => {
    let upstream: ServerResponse | undefined;
    let received = '';
    bench.respond = (req, res) => {
      upstream = res;
      req.on('data', (chunk: Buffer) => (received += chunk.toString()));
    };
    await bench.open();
    const sent = request({ socketPath: bench.socket, path: '/v1/messages', method: 'POST' });
    sent.end('{"first":1}');
    await eventually(() => received === '{"first":1}');
    upstream?.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: string[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    for (const [index, event] of messageEvents().entries()) {
      upstream?.write(event);
      // The next event is written when this one has arrived.
      // oxlint-disable-next-line no-await-in-loop
      await eventually(
        () =>
          chunks.join('') ===
          messageEvents()
            .slice(0, index + 1)
            .join(''),
      );
    }
    sent.destroy();
  });

  it('ends the request to the model when the agent leaves', async () => {
    let closed = false;
    bench.respond = (_, res) => {
      res.on('close', () => (closed = true));
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(messageEvents()[0]);
    };
    await bench.open();
    const sent = request({ socketPath: bench.socket, path: '/v1/messages', method: 'POST' });
    sent.on('error', () => {});
    sent.end('{}');
    await once(sent, 'response');
    sent.destroy();
    await eventually(() => closed);
  });

  it('breaks the connection of the agent when the model breaks its own', async () => {
    bench.respond = (_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(messageEvents()[0], () => res.destroy());
    };
    await bench.open();
    await expect(bench.call()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('ends all requests when it is closed', async () => {
    bench.respond = () => {};
    const gateway = await bench.open();
    const answer = bench.call().catch((error: Error) => error);
    await eventually(() => bench.seen.length === 1);
    await gateway.close();
    await gateway.close();
    expect(await answer).toMatchObject({ code: 'ECONNRESET' });
    await expect(stat(bench.socket)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('counts requests and tokens of streams and of plain answers', async () => {
    await bench.open();
    await bench.call();
    bench.respond = (_, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end('{"type":"message","usage":{"input_tokens":100,"output_tokens":200}}');
    };
    await bench.call();
    await bench.call({ path: '/v1/messages/count_tokens' });
    const { requests, tokens } = bench.meter;
    // The 4 tokens that the model has read from its cache do not count.
    expect({ requests, tokens }).toEqual({ requests: 3, tokens: 110 + 220 + 3 });
  });

  it('answers 502 when the model refuses the connection, without its address', async () => {
    await bench.open();
    await bench.stopUpstream();
    const answer = await bench.call();
    expect(answer.status).toBe(502);
    expect(errorOf(answer)).toEqual({
      type: 'api_error',
      message: "The model's server refused the connection (ECONNREFUSED).",
    });
  });
});
