import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/start-app.js';

const RUNS = { numRuns: 150 };
const TYPES = [
  'user_message',
  'interrupt',
  'permission_response',
  'question_response',
  'set_permission_mode',
  'set_model',
  'set_effort',
  'mcp_reconnect',
  'mcp_toggle',
  'set_max_thinking_tokens',
  'stop_task',
];
const FIELDS = ['content', 'message_id', 'correlation_id', 'behavior', 'updated_input']
  .concat(['updated_permissions', 'message', 'answers', 'mode', 'model', 'task_id', 'cwd'])
  .concat(['effort', 'max_thinking_tokens', 'server', 'enabled'])
  .concat(['permission_mode', 'include_partial_messages', '__proto__', 'constructor', 'prototype'])
  .concat(['toString', 'hasOwnProperty', 'then', 'length', 'toJSON', 'type']);

/** JSON of any shape, with property names that have broken servers. */
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, 0, -1, 1.5, 1e308, '', 'text', '__proto__', '\0', '\uD800'),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...FIELDS), fc.string()), tie('value'), {
      maxKeys: 5,
    }),
  ),
})).value;

/** A message with a known type in most cases, and any values in its fields. */
const message = fc
  .tuple(
    fc.oneof(fc.constantFrom<unknown>(...TYPES), json),
    fc.array(fc.tuple(fc.constantFrom(...FIELDS), json), { maxLength: 5 }),
  )
  .map(([type, fields]) => Object.fromEntries([...fields, ['type', type]]) as object);

const token = fc.stringMatching(/^[\x21-\x7e]{0,40}$/);
const headers = fc.dictionary(
  fc.constantFrom('last-event-id', 'idempotency-key', 'authorization', 'accept', 'x-http-method'),
  token,
);

/** Expects a status below 500, and a message when the request is rejected. */
const expectAnswer = ({ status, body }: { status: number; body: string }) => {
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status).toBeLessThan(500);
  if (status >= 400) expect((JSON.parse(body) as { message: unknown }).message).toMatch(/./);
};

/** Expects a message that begins with the invalid field's name, or comes from the adapter's JSON parser. */
const expectNamedField = ({ body }: { body: string }) => {
  const { message: text } = JSON.parse(body) as { message: string };
  const known = FIELDS.some((field) => text.startsWith(field));
  if (!known) expect(text).toMatch(/^The body|JSON|^Object contains forbidden prototype/);
};

describe.each(ADAPTERS)('Hostile requests on %s', (adapter) => {
  let server: TestApp;
  let agents: ReturnType<typeof fakeAgents>;
  let id: string;
  beforeAll(async () => {
    agents = fakeAgents();
    server = await startApp(
      {
        agent: { sdkFactory: agents.factory },
        limits: { maxSessionsPerOwner: 100_000, maxQueuedMessages: 100_000 },
      },
      { adapter },
    );
    id = await server.createSession();
  });
  afterAll(() => server.close());

  /** Sends a request that `fetch` may refuse to send. */
  const send = (
    method: string,
    path: string,
    body: string | Buffer = '',
    sent: Record<string, string> = {},
  ): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      const options = { method, hostname, port, path, agent: false, headers: sent };
      const outgoing = httpRequest(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          // The headers of a stream are its whole answer.
          if (String(response.headers['content-type']).startsWith('text/event-stream')) {
            outgoing.destroy();
            resolve({ status: response.statusCode ?? 0, body: '' });
          }
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const post = (path: string, body: unknown, sent: Record<string, string> = {}) =>
    send('POST', path, JSON.stringify(body), { 'content-type': 'application/json', ...sent });
  const expectWorkingSession = async () => {
    const fresh = await server.createSession();
    await server.say(fresh, 'still there?');
    expect((await agents.newest().received(1)).content).toBe('still there?');
    await server.request('DELETE', `/sessions/${fresh}`);
    expect((await server.info(id))['session_id']).toBe(id);
  };

  it('leave the session working, whatever the message is', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (body) => {
        const answer = await post(`/sessions/${id}/input`, body);
        expectAnswer(answer);
        expect([204, 400, 403, 409]).toContain(answer.status);
        if (answer.status === 400) expectNamedField(answer);
      }),
      RUNS,
    );
    await expectWorkingSession();
  });

  it('create a session or are rejected, whatever the body is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(message, json), async (body) => {
        const answer = await post('/sessions', body);
        expectAnswer(answer);
        expect([200, 400, 403]).toContain(answer.status);
        if (answer.status === 400) expectNamedField(answer);
      }),
      RUNS,
    );
    await expectWorkingSession();
  });

  it('never cause an internal error when the body is not JSON, whatever its content type is', async () => {
    const types = ['application/json', 'text/plain', 'application/x-www-form-urlencoded']
      .concat(['multipart/form-data', 'application/json; charset=x', 'image/png', 'a/b/c', ''])
      .concat(['application/json; charset=utf-16', 'APPLICATION/JSON', 'application/ld+json']);
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('{', '{"type":', '[', '"', 'null', 'a=b', '{}x', '\uFEFF{}')
        .map((text) => Buffer.from(text)),
    );
    const paths = fc.constantFrom('/sessions', `/sessions/${id}/input`);
    await fc.assert(
      fc.asyncProperty(paths, bodies, fc.constantFrom(...types), async (path, body, type) => {
        expectAnswer(await send('POST', path, body, { 'content-type': type }));
      }),
      RUNS,
    );
    await expectWorkingSession();
  });

  it('never cause an internal error, whatever the id, query and headers are', async () => {
    const routes = fc.constantFrom('', '/events', '/stream', '/input', '/nothing');
    const names = fc.constantFrom('after', 'limit', 'cursor', 'last_event_id', '__proto__', 'a[b]');
    const query = fc.array(fc.tuple(names, fc.oneof(token, fc.integer().map(String))), {
      maxLength: 4,
    });
    const ids = fc.oneof(
      fc.constantFrom(id, '__proto__', 'constructor', '.', '..', '%00', '%2e%2e', '%', '%zz', '-'),
      fc.string({ unit: 'grapheme' }).map(encodeURIComponent),
    );
    const methods = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'OPTIONS');
    await fc.assert(
      fc.asyncProperty(methods, ids, routes, query, headers, async (method, name, ...rest) => {
        const [route, pairs, sent] = rest;
        const search = pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&');
        expectAnswer(await send(method, `/sessions/${name}${route}?${search}`, '', sent));
      }),
      RUNS,
    );
    await expectWorkingSession();
  });

  it('are rejected when the body is nested too deeply, or the body or a header is too large', async () => {
    const deep = `${'['.repeat(40_000)}${']'.repeat(40_000)}`;
    for (const field of ['content', 'answers', 'updated_input', 'unknown']) {
      const body = `{"type":"user_message","content":"a","${field}":${deep}}`;
      const answer = await send('POST', `/sessions/${id}/input`, body, {
        'content-type': 'application/json',
      });
      expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('deeper') });
    }
    const large = await post(`/sessions/${id}/input`, {
      type: 'user_message',
      content: 'x'.repeat(20_000_000),
    });
    expect(large.status).toBe(413);
    const header = await send('GET', `/sessions/${id}`, '', {
      'last-event-id': '9'.repeat(20_000),
    });
    expect(header.status).toBe(431);
    await expectWorkingSession();
  });

  it('cannot change the prototype of objects', async () => {
    const polluting =
      '{"type":"user_message","content":"a","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    const type = { 'content-type': 'application/json' };
    expectAnswer(await send('POST', `/sessions/${id}/input`, polluting, type));
    expectAnswer(await send('POST', '/sessions', polluting, type));
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('answer a question or leave it open, whatever the answers are', async () => {
    const asking = await server.createSession();
    const stream = await server.stream(asking);
    const agent = agents.newest();
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(json, async (answers) => {
        asked += 1;
        const toolUseID = `q${asked}`;
        const answered = agent.ask('AskUserQuestion', { questions: [] }, { toolUseID });
        await stream.next('ask_user_question');
        const reply = { type: 'question_response', correlation_id: toolUseID };
        const { status } = await post(`/sessions/${asking}/input`, { ...reply, answers });
        expect([204, 400]).toContain(status);
        if (status === 400) {
          await server.input(asking, { ...reply, answers: {} });
        }
        expect(await answered).toMatchObject({
          behavior: 'allow',
          updatedInput: { questions: [] },
        });
      }),
      RUNS,
    );
  });
});
