import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { SqliteStorage } from '../../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { invalid } from '../../support/refused.js';
import { startApp, startFakeApp, type TestApp } from '../../support/start-app.js';

const format = (name: string) => ({ type: 'json_schema', schema: { title: name } });
const nested = (levels: number): object => (levels === 1 ? {} : { not: nested(levels - 1) });
const message = (output_format: unknown, more: object = {}) => ({
  type: 'user_message',
  content: 'work',
  output_format,
  ...more,
});
const PERMITTED = { agent: { allowOutputFormat: true } };

describe('The output format of a message', () => {
  let server: TestApp;
  afterEach(() => server.close());

  const post = async (id: string, output_format: unknown, more: object = {}) =>
    expect(await server.input(id, message(output_format, more))).toMatchObject({ status: 204 });

  it('is refused unless the host permits it', async () => {
    ({ server } = await startFakeApp());
    const id = await server.createSession();
    const answer = await server.input(id, message(format('a')));
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(answer.body['message']).toMatch(/^output_format: /);
  });

  it('is refused for a message to the running turn', async () => {
    ({ server } = await startFakeApp(PERMITTED));
    const id = await server.createSession();
    const answer = await server.input(id, message(format('a'), { delivery: 'next_step' }));
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(answer.body['message']).toMatch(/^output_format: .*next_step/);
  });

  it.each([
    ['output_format: must be an object', 'json'],
    ['output_format.type: must be json_schema', { type: 'xml', schema: {} }],
    ['output_format.schema: must be an object', { type: 'json_schema', schema: [] }],
    [
      'output_format: must have only the fields type and schema, but has "strict"',
      { ...format('a'), strict: true },
    ],
    [
      'output_format.schema: must be at most 32 levels deep',
      { type: 'json_schema', schema: nested(33) },
    ],
    [
      'output_format.schema: must have at most 32768 bytes as JSON, but has 32780',
      { type: 'json_schema', schema: { title: 'é'.repeat(16_384) } },
    ],
  ])('is refused: %s', async (problem, given) => {
    ({ server } = await startFakeApp(PERMITTED));
    const id = await server.createSession();
    expect(await server.input(id, message(given))).toMatchObject(invalid(problem));
  });

  it('is accepted with the largest schema', async () => {
    ({ server } = await startFakeApp(PERMITTED));
    const id = await server.createSession();
    await post(id, { type: 'json_schema', schema: nested(32) });
  });

  describe('with a scripted agent', () => {
    let starts = 0;
    const agent = scriptedSdkFactory(async (turn) => {
      if (turn.input.text === 'wait') await turn.hang();
      turn.output({ format: turn.config.outputFormat?.schema['title'], past: turn.turnNumber - 1 });
    });
    const start = async (options: AgentWebkitModuleOptions = {}) => {
      starts = 0;
      server = await startApp({
        ...options,
        agent: {
          allowOutputFormat: true,
          sdkFactory: Object.assign(
            (given: Parameters<typeof agent>[0]) => {
              starts += 1;
              return agent(given);
            },
            { usesWalls: false },
          ),
          ...options.agent,
        },
      });
    };

    it('is that of its turn, with the same agent for equal ones and the same conversation', async () => {
      await start();
      const id = await server.createSession();
      const stream = await server.stream(id);
      for (const given of [format('a'), format('a'), undefined, format('b')]) {
        await post(id, given);
      }
      for (const [past, title] of ['a', 'a', undefined, 'b'].entries()) {
        const { data } = await stream.next('result');
        expect(data['structured_output']).toEqual({ past, ...(title && { format: title }) });
      }
      // One of them before the first message.
      expect(starts).toBe(4);
    });

    it('replaces that of the session for its turn', async () => {
      await start({ hooks: { configureSession: () => ({ outputFormat: format('s') as never }) } });
      const id = await server.createSession();
      const stream = await server.stream(id);
      await post(id, undefined);
      await post(id, format('a'));
      await post(id, undefined);
      for (const title of ['s', 'a', 's']) {
        expect((await stream.next('result')).data).toMatchObject({
          structured_output: { format: title },
        });
      }
    });

    it('is kept by an edit, and by a queued message over a restart', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'output-format-'));
      const root = join(folder, 'work');
      const file = join(folder, 'sessions.db');
      await mkdir(root);
      await start({ storage: new SqliteStorage({ file }), workspace: { root } });
      const id = await server.createSession();
      await post(id, undefined, { content: 'wait' });
      const message_id = '0c7a5d3b-8f0e-4b1c-9d3e-6f0f1f5e2a10';
      await post(id, format('a'), { message_id });
      const path = `/sessions/${id}/queue/${message_id}`;
      expect(await server.request('PATCH', path, { content: 'edited' })).toMatchObject({
        status: 204,
      });
      await server.close();

      await start({ storage: new SqliteStorage({ file }), workspace: { root } });
      const stream = await server.stream(id);
      await stream.next('result');
      expect((await stream.next('result')).data).toMatchObject({
        structured_output: { format: 'a' },
      });
    });

    it('is of no use for a session whose host returns an invalid one', async () => {
      await start({ hooks: { configureSession: () => ({ outputFormat: 'json' as never }) } });
      const answer = await server.request('POST', '/sessions', {});
      expect(answer.status).toBe(500);
    });

    it('leaves out a value that is too long, and says so', async () => {
      const long = scriptedSdkFactory((turn) => turn.output('x'.repeat(262_143)));
      await start({ agent: { sdkFactory: long } });
      const id = await server.createSession();
      const stream = await server.stream(id);
      await post(id, format('a'));
      const { data } = await stream.next('result');
      expect(data).toMatchObject({ is_error: false, structured_output_omitted: true });
      expect(data).not.toHaveProperty('structured_output');
    });
  });
});
