import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import { startingWith } from '../../../src/agent-webkit/engine/starting-with.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { SqliteStorage } from '../../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { refused } from '../../support/refused.js';
import type { SseClient } from '../../support/sse-client.js';
import { startApp, type TestApp } from '../../support/start-app.js';

/** Says which messages it remembers. Waits at `wait` until it is interrupted, and runs a tool at `tool`. */
const createAgent = () =>
  scriptedSdkFactory(async (turn) => {
    if (turn.input.text === 'wait') await new Promise(() => undefined);
    if (turn.input.text === 'tool') await turn.useTool('Pay', {}, { run: () => 'paid' });
    await turn.say([...turn.history.map(({ input }) => input), turn.input.text].join(' '));
  });

describe('A message that replaces an earlier one, of a scripted agent', () => {
  let server: TestApp;
  let stream: SseClient;
  let id: string;
  let folder: string | null = null;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    server = await startApp({ ...options, agent: { sdkFactory: createAgent(), ...options.agent } });
  };
  const open = async () => {
    id = await server.createSession();
    stream = await server.stream(id);
  };
  afterEach(async () => {
    await server.close();
    if (folder !== null) await rm(folder, { recursive: true });
    folder = null;
  });

  const send = (content: string, more: object = {}) =>
    server.input(id, { type: 'user_message', content, ...more });
  /** Sends a message, and resolves to its id and to what the agent said. */
  const say = async (content: string, more: object = {}) => {
    const message_id = randomUUID();
    expect((await send(content, { message_id, ...more })).status).toBe(204);
    const { data } = await stream.next('message_complete');
    await stream.next('result');
    return { id: message_id, said: JSON.stringify(data) };
  };

  it('makes the agent forget that and everything after it', async () => {
    await start();
    await open();
    await say('one');
    const two = await say('two');
    await say('three');
    const four = await say('four', { replaces: two.id });
    expect(four.said).toContain('"one four"');
    expect((await say('five')).said).toContain('"one four five"');
    expect((await stream.next('conversation_rewound')).data).toMatchObject({
      message_id: two.id,
      replaced_by: four.id,
    });
    expect((await say('six', { replaces: four.id })).said).toContain('"one six"');
  });

  it('is made once, also when the client repeats it', async () => {
    await start();
    await open();
    const one = await say('one');
    const two = await say('two', { replaces: one.id });
    expect((await send('two', { message_id: two.id, replaces: one.id })).status).toBe(204);
    const { body } = await server.request('GET', `/sessions/${id}/events`);
    const names = (body['events'] as { event: string }[]).map(({ event }) => event);
    expect(names.filter((name) => name === 'conversation_rewound')).toHaveLength(1);
  });

  it('is refused while a turn runs or a message is queued, of which one is made when two are sent at once', async () => {
    await start();
    await open();
    const one = await say('one');
    const both = await Promise.all(
      ['wait', 'wait'].map((content) => send(content, { replaces: one.id })),
    );
    const [refusal] = both.filter(({ status }) => status !== 204);
    expect(both.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(refusal).toMatchObject(
      refused(409, 'message_not_replaceable', /while the agent is at work or messages are queued/),
    );
  });

  it('has forgotten what was replaced also when the agent did not start for the message', async () => {
    let fails = false;
    const inner = createAgent();
    const sdkFactory = startingWith(inner, (begin) => {
      if (fails) throw new Error('no agent today');
      return inner(begin);
    });
    await start({ agent: { sdkFactory } });
    await open();
    const one = await say('one');
    const two = await say('two');
    const three = await say('three');
    fails = true;
    await send('four', { replaces: two.id });
    await stream.next('error');
    await stream.next('result');
    fails = false;
    const answers = await Promise.all(
      [two, three].map(({ id: replaces }) => send('five', { replaces })),
    );
    expect(answers.map(({ status }) => status)).toEqual([409, 409]);
    expect((await say('six')).said).toContain('"one six"');
    expect((await say('seven', { replaces: one.id })).said).toContain('"seven"');
  });

  it('is forgotten also by an agent of a restarted server, with durable requests', async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-webkit-'));
    const root = folder;
    const file = join(root, 'sessions.db');
    const options = () => ({
      storage: new SqliteStorage({ file }),
      agent: { durableTools: ['Pay'] },
      workspace: { root },
    });
    await start(options());
    await open();
    await say('one');
    const two = await say('two');
    await say('three', { replaces: two.id });
    await server.close();

    await start(options());
    stream = await server.stream(id, { 'last-event-id': String(stream.ids().at(-1)) });
    const message_id = randomUUID();
    await send('tool', { message_id });
    const { data } = await stream.next('permission_request');
    await server.close();

    await start(options());
    stream = await server.stream(id, { 'last-event-id': String(stream.ids().at(-1)) });
    await server.input(id, {
      type: 'permission_response',
      correlation_id: data['correlation_id'],
      behavior: 'allow',
    });
    expect(JSON.stringify((await stream.next('message_complete')).data)).toContain(
      '"one three tool"',
    );
    await stream.next('result');
    expect((await say('four', { replaces: message_id })).said).toContain('"one three four"');
  });

  it('is refused by an agent that cannot forget', async () => {
    await start({ agent: { sdkFactory: (begin) => createAgent()(begin) } });
    await open();
    const one = await say('one');
    expect(await send('two', { replaces: one.id })).toMatchObject(
      refused(409, 'message_not_replaceable', /is not the beginning of a turn/),
    );
  });
});
