import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { MeteredServer } from './metered-server.js';

/** Hides the packages of OpenTelemetry, as where they are not installed. */
const WITHOUT_PACKAGES = `
import { register } from 'node:module';
const hooks = \`export async function resolve(name, context, next) {
  if (!name.startsWith('@opentelemetry/')) return next(name, context);
  throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
}\`;
register('data:text/javascript,' + encodeURIComponent(hooks));
`;

let sources: CompiledSources;
let folder: string;
beforeAll(async () => {
  sources = await CompiledSources.create();
  folder = await mkdtemp(join(tmpdir(), 'agent-webkit-hooks-'));
  await writeFile(join(folder, 'hide.mjs'), WITHOUT_PACKAGES);
});
afterAll(async () => {
  await sources.remove();
  await rm(folder, { recursive: true, force: true });
});

const servers: MeteredServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

async function start(env: Record<string, string>): Promise<MeteredServer> {
  const server = await MeteredServer.start(sources, env);
  servers.push(server);
  return server;
}

const read = (url: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(url, { method, headers });

describe('GET /metrics of the standalone server', () => {
  it('does not exist unless it is asked for', async () => {
    const { url, metricsUrl } = await start({});
    expect(metricsUrl).toBe('');
    expect((await read(`${url}/metrics`, { Authorization: 'Bearer api' })).status).toBe(404);
  });

  it('requires its own token, which opens nothing else', async () => {
    const { url, metricsUrl } = await start({ AGENT_WEBKIT_METRICS_TOKEN: 'scrape' });
    expect(metricsUrl).toBe(`${url}/metrics`);
    const refused = [
      await read(metricsUrl),
      await read(metricsUrl, { Authorization: 'Bearer api' }),
      await read(metricsUrl, { Authorization: 'Bearer' }),
    ];
    for (const response of refused) {
      expect(response.status).toBe(401);
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="metrics"');
      expect(await response.json()).toEqual({
        statusCode: 401,
        code: 'unauthorized',
        message:
          'The metrics require the token in AGENT_WEBKIT_METRICS_TOKEN. Send it in the header Authorization: Bearer <token>.',
      });
    }
    const scrape = { Authorization: 'Bearer scrape' };
    expect((await read(`${url}/sessions`, scrape)).status).toBe(401);
    expect((await read(metricsUrl, scrape, 'POST')).status).toBe(405);
    const response = await read(metricsUrl, scrape);
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toMatch(/^process_memory_usage \d+$/m);
  });

  it('has the metrics of a turn, without ids, owners or content', async () => {
    const server = await start({ AGENT_WEBKIT_METRICS_PORT: '0' });
    const id = await server.playTurn();
    await server.call('GET', '/sessions/unknown');
    const text = await (await read(server.metricsUrl)).text();
    expect(text).toMatch(/^agent_webkit_turn_duration_count 1$/m);
    expect(text).toMatch(/^agent_webkit_turn_time_to_first_token_count 1$/m);
    expect(text).toMatch(/^agent_webkit_sessions\{agent_webkit_session_state="idle"\} 1$/m);
    expect(text).toMatch(/^agent_webkit_refusals_total\{error_type="session_not_found"\} 1$/m);
    expect(text).not.toMatch(new RegExp(`${id}|\\bann\\b|demo`));
  });

  it('is on a port of its own only, and answers until everything else has stopped', async () => {
    const server = await start({ AGENT_WEBKIT_METRICS_PORT: '0' });
    const { url, metricsUrl } = server;
    expect(new URL(metricsUrl).hostname).toBe('127.0.0.1');
    expect((await read(`${url}/metrics`)).status).toBe(404);
    expect((await read(metricsUrl.replace('/metrics', '/sessions'))).status).toBe(404);
    server.program.signal('SIGTERM');
    expect(await server.program.ended()).toBe(0);
    await eventually(() =>
      read(metricsUrl).then(
        () => false,
        () => true,
      ),
    );
  });

  it('prevents the start with a message when its port is in use', async () => {
    const first = await start({ AGENT_WEBKIT_METRICS_PORT: '0' });
    const { port } = new URL(first.metricsUrl);
    const second = await start({ AGENT_WEBKIT_METRICS_PORT: port });
    expect(await second.program.ended()).toBe(1);
    expect(second.program.output).toContain(`AGENT_WEBKIT_METRICS_PORT ${port}: listen EADDRINUSE`);
  });

  it('prevents the start with a message when OpenTelemetry is not installed', async () => {
    const NODE_OPTIONS = `--import=${join(folder, 'hide.mjs')}`;
    const { program } = await start({ AGENT_WEBKIT_METRICS_TOKEN: 'scrape', NODE_OPTIONS });
    expect(await program.ended()).toBe(1);
    expect(program.output).toContain(
      'Run `npm install @opentelemetry/api @opentelemetry/sdk-metrics',
    );
  });
});

describe('A server without the packages of OpenTelemetry', () => {
  it('works, and says nothing about them', async () => {
    const server = await start({ NODE_OPTIONS: `--import=${join(folder, 'hide.mjs')}` });
    await server.playTurn();
    expect(server.program.output).not.toMatch(/telemetry/i);
  });

  it('counts what is rejected before it reaches a route', async () => {
    const { url, metricsUrl } = await start({
      AGENT_WEBKIT_METRICS_PORT: '0',
      AGENT_WEBKIT_MAX_BODY: '1kb',
    });
    const send = (body: string) =>
      fetch(`${url}/sessions`, {
        method: 'POST',
        headers: { Authorization: 'Bearer api', 'Content-Type': 'application/json' },
        body,
      });
    expect((await send('{')).status).toBe(400);
    expect((await send(JSON.stringify({ title: 'x'.repeat(2000) }))).status).toBe(413);
    // Has no code of the module.
    expect((await read(`${url}/unknown`)).status).toBe(404);
    const text = await (await read(metricsUrl)).text();
    expect(text.match(/^agent_webkit_refusals_total\{.*$/gm)).toEqual([
      'agent_webkit_refusals_total{error_type="invalid_request"} 1',
      'agent_webkit_refusals_total{error_type="payload_too_large"} 1',
    ]);
  });
});
