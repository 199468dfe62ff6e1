import { request as httpRequest } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { SqliteStorage } from '../../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { eventually } from '../../support/eventually.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/start-app.js';

const RUNS = { numRuns: 80 };
/** Part of every value that is sent. No line of the log may contain it. */
const MARK = 'hunter2';
const TYPES = ['user_message', 'interrupt', 'permission_response', 'question_response']
  .concat(['set_permission_mode', 'set_model', 'stop_task', '__proto__', 'constructor'])
  .concat(['toString', MARK]);
const FIELDS = ['content', 'message_id', 'correlation_id', 'behavior', 'updated_input', 'answers']
  .concat(['updated_permissions', 'message', 'mode', 'model', 'task_id', 'interrupt', '__proto__'])
  .concat(['constructor', 'toJSON', 'then']);
const MODES = ['default', 'plan', 'bypassPermissions', 'root'];

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: 'binary' }).map((text) => `${MARK}\r\n${text}`),
  fc.constantFrom<unknown>(...MODES, 'allow', 'deny', null, `${MARK}\0`, 'x'.repeat(300)),
  fc.constantFrom<unknown>(
    [{ type: 'text', text: MARK }],
    [{ type: 'setMode', mode: 'bypassPermissions', destination: 'session' }],
    [{ type: 'addDirectories', directories: ['/', `../${MARK}`], destination: 'session' }],
    [{ type: 'addRules', behavior: 'allow', rules: [], destination: 'userSettings' }],
  ),
);
const message = fc
  .tuple(
    fc.constantFrom(...TYPES),
    fc.array(fc.tuple(fc.constantFrom(...FIELDS), value), { maxLength: 5 }),
  )
  .map(([type, fields]) => Object.fromEntries([['type', type], ...fields]) as object);
const headerValue = fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,60}$/).map((text) => text + MARK);
const headers = fc.dictionary(
  fc
    .constantFrom('last-event-id', 'idempotency-key', 'accept', 'cookie', 'x-forwarded-for')
    .map(String),
  headerValue,
);
const ids = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', '.', '..', '%00', '%2e%2e', '%', '%zz', 'ID', MARK),
  fc.constantFrom("'%20OR%201=1--", '%22;DROP%20TABLE%20sessions;', 'ID%00', 'ID%0d%0ax:y'),
  fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(text)),
);
const queries = fc.array(
  fc.tuple(
    fc.constantFrom('after', 'limit', 'cursor', 'last_event_id', '__proto__', 'a[b]', 'after[]'),
    fc.oneof(fc.string({ unit: 'binary' }), fc.double().map(String), fc.base64String()),
  ),
  { maxLength: 4 },
);

const lines: string[] = [];
const note = (...args: unknown[]) => void lines.push(args.map(String).join(' '));

interface Answer {
  status: number;
  body: string;
}

describe.each(ADAPTERS)('Hostile requests to a stored session on %s', (adapter) => {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  let server: TestApp;
  let id: string;
  beforeAll(async () => {
    server = await startApp(
      {
        agent: { sdkFactory: fakeAgents().factory, permissionModes: ['default', 'plan'] },
        auth: { tokens: [`ann:${MARK}-token`] },
        storage: new SqliteStorage({ file: join(folder, 'sessions.db') }),
        limits: { maxQueuedMessages: 100_000 },
        timeouts: { interruptTimeoutMs: 600_000 },
      },
      { adapter, headers: { authorization: `Bearer ${MARK}-token` } },
    );
    Logger.overrideLogger({ log: note, warn: note, error: note });
    id = await server.createSession();
    // While a turn runs, an accepted message is only queued: nothing follows its response.
    await server.say(id, 'hi');
    await eventually(async () => (await server.info(id))['last_id'] === 3);
  });
  afterAll(async () => {
    Logger.overrideLogger(false);
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const send = (
    method: string,
    path: string,
    body: unknown,
    sent: Record<string, string> = {},
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const authorization = `Bearer ${MARK}-token`;
      const options = { method, hostname, port, path, agent: false };
      const outgoing = httpRequest(
        { ...options, headers: { authorization, ...type, ...sent } },
        (response) => {
          const status = response.statusCode ?? 0;
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
            if (!String(response.headers['content-type']).startsWith('text/event-stream')) return;
            outgoing.destroy();
            resolve({ status, body: '' });
          });
          response.on('end', () => resolve({ status, body: text }));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? '' : JSON.stringify(body));
    });
  const place = (path: string) => path.replaceAll('ID', id);

  it('change nothing when the message is rejected', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (body) => {
        const before = await server.info(id);
        const answer = await send('POST', `/sessions/${id}/input`, body);
        expectNoDetails(answer);
        expect([204, 400, 403, 409]).toContain(answer.status);
        const after = await server.info(id);
        if (answer.status !== 204) expect(after).toEqual(before);
        expect(['default', 'plan']).toContain(after['permission_mode']);
      }),
      RUNS,
    );
  });

  it('never cause an internal error, whatever the method, id, query and headers are', async () => {
    const methods = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS');
    const routes = fc.constantFrom('', '/events', '/stream', '/input', '/nothing');
    await fc.assert(
      fc.asyncProperty(methods, ids, routes, queries, headers, async (method, name, ...rest) => {
        const [route, pairs, sent] = rest;
        const search = pairs
          .map((pair) => pair.map((part) => encodeURIComponent(part)).join('='))
          .join('&');
        expectNoDetails(
          await send(method, place(`/sessions/${name}${route}?${search}`), undefined, sent),
        );
      }),
      RUNS,
    );
    expect((await server.info(id))['session_id']).toBe(id);
  });

  it('delete the session only by its exact id', async () => {
    await fc.assert(
      fc.asyncProperty(ids, async (name) => {
        if (name === 'ID') return;
        const answer = await send('DELETE', place(`/sessions/${name}`), undefined);
        expectNoDetails(answer);
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }),
      RUNS,
    );
    expect((await server.info(id))['session_id']).toBe(id);
  });

  it('are answered with 401 when the token is wrong', async () => {
    await fc.assert(
      fc.asyncProperty(
        headerValue,
        fc.constantFrom('Bearer ', 'bearer', ''),
        async (text, scheme) => {
          const authorization = `${scheme}${text}`;
          const answer = await send('GET', '/sessions', undefined, { authorization });
          expect(answer.status).toBe(401);
          expectNoDetails(answer);
        },
      ),
      RUNS,
    );
  });

  it('leave none of their values in the log', () => {
    new Logger('Test').warn('is heard');
    expect(lines.at(-1)).toContain('is heard');
    expect(lines.join('\n')).not.toContain(MARK);
  });
});

/** Expects an answer that reveals nothing of the server's internals. */
function expectNoDetails({ status, body }: Answer): void {
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status).toBeLessThan(500);
  if (status < 400 || body === '') return;
  const { message: text, ...rest } = JSON.parse(body) as Record<string, unknown>;
  expect(text).toEqual(expect.any(String));
  expect(Object.keys(rest)).not.toContain('stack');
  expect(text).not.toMatch(/node_modules|class-(?:validator|transformer)|sqlite|fastify/i);
  expect(text).not.toMatch(/\.[jt]s:\d|\n\s+at |\/tmp\/|\/home\//);
}
