import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.js';
import { HANG, isSigned, respondWith, TestReceiver } from '../webhooks/receiver.js';
import { ServerProcess } from './server-process.js';

const SECRET = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
/** Longer than a claim of a server that was killed. */
const CLAIM_MS = 60_000;

let sources: CompiledSources;
let folder: string;
let receiver: TestReceiver;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webhooks-'));
  receiver = await TestReceiver.listen();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await receiver.close();
  await rm(folder, { recursive: true });
});
afterAll(() => sources.remove());

/** The settings of a server that sends webhooks to the receiver. */
const settings = (values: Record<string, string> = {}) => ({
  AGENT_WEBKIT_WEBHOOK_URL: receiver.url,
  AGENT_WEBKIT_WEBHOOK_SECRET: SECRET,
  AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE: '1',
  AGENT_WEBKIT_WORKSPACE: folder,
  ...values,
});
const durable = (values: Record<string, string> = {}) =>
  settings({ AGENT_WEBKIT_STORAGE: `file:${join(folder, 'sessions.db')}`, ...values });
const start = (env: Record<string, string>) => ServerProcess.start(sources, 'exec "$@"', { env });

/** Creates a certificate for a name, which no program trusts by itself. */
function createIdentity(name: string) {
  const [key, file] = [join(folder, 'host.key'), join(folder, 'host.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', file, ...names], {
    stdio: 'pipe',
  });
  return { key: readFileSync(key), cert: readFileSync(file), file };
}

const say = (server: ServerProcess, id: string, content: string) =>
  server.post(`/sessions/${id}/input`, { type: 'user_message', content });

/** Opens a permission request in a new session, and returns both ids. */
async function openRequest(server: ServerProcess) {
  const id = await server.createSession();
  const stream = await server.stream(id);
  await say(server, id, 'permission');
  const { data } = await stream.next('permission_request');
  stream.close();
  const { correlation_id } = data as { correlation_id: string };
  return { id, correlation_id };
}

describe('The webhooks of a server', () => {
  it('arrive signed, for the request, its answer, the end of its turn, and a crash', async () => {
    const server = await start(settings());
    const { id, correlation_id } = await openRequest(server);
    const [opened] = await receiver.of('request.opened');
    expect(opened?.body.data).toEqual({
      session_id: id,
      owner: 'anonymous',
      event_id: expect.any(Number),
      correlation_id,
      kind: 'permission',
      tool_name: 'Bash',
    });
    await server.post(`/sessions/${id}/input`, {
      type: 'permission_response',
      correlation_id,
      behavior: 'allow',
    });
    await receiver.of('turn.ended');
    await say(server, id, 'crash');
    await receiver.of('session.failed');
    const [resolved] = await receiver.of('request.resolved');
    expect(resolved?.body.data).toMatchObject({ correlation_id, outcome: 'allowed' });
    const [failed] = await receiver.of('session.failed');
    expect(failed?.body.data).toMatchObject({ session_id: id, code: 'agent_crashed' });
    const verified = await Promise.all(receiver.arrived.map((one) => isSigned(one, SECRET)));
    expect(verified).not.toContain(false);
    expect(new Set(receiver.arrived.map((one) => one.id)).size).toBe(receiver.arrived.length);
    expect(receiver.arrived.map(({ text }) => text).join()).not.toContain('Hello from the demo');
  });

  it('are sent again after an answer with 500, with the same id', async () => {
    receiver.respond = (response, arrived) => {
      const isFirst = receiver.arrived.filter(({ id }) => id === arrived.id).length === 1;
      respondWith(isFirst ? 500 : 200)(response, arrived);
    };
    const server = await start(settings());
    await server.serveTurn();
    const [first, second] = await receiver.of('turn.ended', 2);
    expect(second?.id).toBe(first?.id);
    expect(second?.text).toBe(first?.text);
    await eventually(() => server.program.output.includes('are delivered to 127.0.0.1'));
    expect(server.program.output).toMatch(/Could not deliver notification .* The answer was 500\./);
    expect(server.program.output).not.toContain('/hook');
  });

  it('are sent again after the pause of an answer with 503, and none before', async () => {
    let pauseEnd = Number.POSITIVE_INFINITY;
    const early: string[] = [];
    receiver.respond = (response, arrived) => {
      if (receiver.arrived.length === 1) {
        pauseEnd = Math.floor(Date.now() / 1000) * 1000 + 3000;
        const retryAfter = new Date(pauseEnd).toUTCString();
        respondWith(503, { 'retry-after': retryAfter })(response, arrived);
        return;
      }
      if (Date.now() < pauseEnd) early.push(arrived.id);
      respondWith(204)(response, arrived);
    };
    const server = await start(settings());
    await server.serveTurn();
    await receiver.of('turn.ended');
    await server.serveTurn();
    const ended = await receiver.of('turn.ended', 3);
    expect(new Set(ended.map(({ id }) => id)).size).toBe(2);
    expect(early).toEqual([]);
    expect(server.program.output).toMatch(/The answer was 503, with Retry-After: .* GMT\./);
  });

  it('end with an answer 410 until the server restarts, which sends everything', async () => {
    receiver.respond = respondWith(410);
    const server = await start(durable());
    for (let turn = 0; turn < 3; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await server.serveTurn();
      // oxlint-disable-next-line no-await-in-loop -- so is this
      await eventually(() => server.program.output.includes('is gone'));
    }
    server.program.signal('SIGTERM');
    expect(await server.program.ended()).toBe(0);
    expect(receiver.arrived).toHaveLength(1);
    expect(server.program.output.match(/because it is gone/g)).toHaveLength(1);
    receiver.respond = respondWith(204);
    await start(durable());
    const ended = () => receiver.arrived.slice(1).map(({ id }) => id);
    await eventually(() => new Set(ended()).size === 3);
  });

  it('are sent by the next server when one was killed between the commit and the delivery', async () => {
    const port = await findFreePort();
    const env = durable({ AGENT_WEBKIT_WEBHOOK_URL: `http://127.0.0.1:${port}/hook` });
    const server = await start(env);
    const { id, correlation_id } = await openRequest(server);
    await server.program.kill();
    const late = await TestReceiver.listen(port);
    try {
      await start(env);
      const [opened] = await late.of('request.opened', 1, CLAIM_MS);
      expect(opened?.body.data).toMatchObject({ session_id: id, correlation_id });
      await late.of('session.failed', 1, CLAIM_MS);
    } finally {
      await late.close();
    }
  }, 90_000);

  it('block no session, and no shutdown, while the receiver does not answer', async () => {
    receiver.respond = HANG;
    const server = await start(durable());
    for (let turn = 0; turn < 12; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- more than are delivered at the same time
      await server.serveTurn();
    }
    // On a slow machine the server stops waiting for the first ones meanwhile, and others take their places.
    await eventually(() => receiver.unanswered === 8);
    server.program.signal('SIGTERM');
    expect(await server.program.ended()).toBe(0);
    const before = receiver.arrived.length;
    receiver.respond = respondWith(204);
    await start(durable());
    const ended = () => receiver.arrived.slice(before).map(({ id }) => id);
    await eventually(() => new Set(ended()).size === 12, Boolean, CLAIM_MS);
  }, 90_000);

  it.each(['127.0.0.1', 'localhost', '[::1]'])(
    'are refused for the address of %s, unless private addresses are permitted',
    async (host) => {
      const url = `https://${host}:${receiver.port}/secret-path`;
      const server = await start(
        settings({
          AGENT_WEBKIT_WEBHOOK_URL: url,
          AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE: '0',
        }),
      );
      await server.serveTurn();
      await eventually(() => server.program.output.includes('has no public address'));
      expect(receiver.connections).toBe(0);
      expect(server.program.output).not.toContain('secret-path');
    },
  );

  it.each([
    ['are sent over TLS to a host whose certificate is trusted', true],
    ['are not sent to a host whose certificate is not trusted', false],
  ])('%s', async (_, isTrusted) => {
    const tls = createIdentity('localhost');
    const secure = await TestReceiver.listen(0, tls);
    try {
      const server = await start(
        settings({
          AGENT_WEBKIT_WEBHOOK_URL: `https://localhost:${secure.port}/hook`,
          ...(isTrusted && { NODE_EXTRA_CA_CERTS: tls.file }),
        }),
      );
      await server.serveTurn();
      if (isTrusted) await secure.of('turn.ended');
      else await eventually(() => server.program.output.includes('self-signed certificate'));
      expect(secure.arrived.length).toBe(isTrusted ? 1 : 0);
    } finally {
      await secure.close();
    }
  });

  it('are sent without the proxy of the environment', async () => {
    const proxy = await TestReceiver.listen();
    try {
      const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
      const variables = names.flatMap((name) => [name, name.toLowerCase()]);
      const server = await start(
        settings({
          NODE_USE_ENV_PROXY: '1',
          ...Object.fromEntries(variables.map((name) => [name, new URL(proxy.url).origin])),
        }),
      );
      await server.serveTurn();
      await receiver.of('turn.ended');
      expect(proxy.connections).toBe(0);
    } finally {
      await proxy.close();
    }
  });

  it('are needed by no server, which does not start with a URL alone', async () => {
    const server = await ServerProcess.run(sources, 'exec "$@"', {
      env: settings({ AGENT_WEBKIT_WEBHOOK_SECRET: '' }),
    });
    expect(await server.program.ended()).toBe(1);
    expect(server.program.output).toContain('AGENT_WEBKIT_WEBHOOK_SECRET must be set');
  });
});
