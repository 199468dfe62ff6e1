import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SDKMessage } from '../../../src/agent-webkit/engine/agent-client.js';
import {
  assistant,
  init,
  result,
  stream as streamed,
  text,
  toolResult,
  toolUse,
} from '../../support/sdk-messages.js';
import type { SseClient } from '../../support/sse-client.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const begin = (id: string, parent: string | null = null) =>
  streamed({ type: 'message_start', message: { id } }, parent);
const delta = (fields: object, parent: string | null = null, index = 0) =>
  streamed({ type: 'content_block_delta', index, delta: fields }, parent);
const words = (value: string, parent: string | null = null) =>
  delta({ type: 'text_delta', text: value }, parent);

describe.each(ADAPTERS)('Events of a turn on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let stream: SseClient;
  beforeEach(async () => {
    ({ server, agents } = await startFakeApp({}, { adapter }));
    id = await server.createSession({ include_partial_messages: true });
    stream = await server.stream(id, { 'last-event-id': '1' });
  });
  afterEach(() => server.close());
  let turns = 0;
  beforeEach(() => {
    turns = 0;
  });
  /** Runs one turn, and returns its events without `user_message` and `turn_start`. */
  const runTurn = async (...messages: SDKMessage[]) => {
    const from = stream.events.length;
    turns += 1;
    await server.say(id, 'go');
    await agents.newest().received(turns);
    agents.newest().say(...messages);
    if (!messages.some(({ type }) => type === 'result')) agents.newest().say(result());
    await stream.next('result');
    return stream.events.slice(from + 2).map(({ event, data }) => ({ event, data }));
  };

  it('stream text as the agent writes it, then the whole message', async () => {
    const events = await runTurn(
      begin('m1'),
      words('Hel'),
      words('lo'),
      assistant([text('Hello')], { id: 'm1' }),
      streamed({ type: 'message_stop' }),
    );
    expect(events.slice(0, 3)).toEqual([
      { event: 'message_delta', data: { message_id: 'm1', delta: { type: 'text', text: 'Hel' } } },
      { event: 'message_delta', data: { message_id: 'm1', delta: { type: 'text', text: 'lo' } } },
      {
        event: 'message_complete',
        data: {
          message_id: 'm1',
          message: {
            id: 'm1',
            role: 'assistant',
            content: [text('Hello')],
            model: 'test',
            stop_reason: null,
          },
        },
      },
    ]);
  });

  it("stream a tool's input, then its message, its tool_use and its tool_result", async () => {
    const use = toolUse('Bash', { command: 'ls' }, 't1');
    const events = await runTurn(
      begin('m1'),
      streamed({ type: 'content_block_start', index: 0, content_block: use }),
      delta({ type: 'input_json_delta', partial_json: '{"command"' }),
      assistant([use], { id: 'm1' }),
      toolResult('t1', 'a.txt'),
      toolResult('t2', [{ type: 'text', text: 'no' }], true),
    );
    const data = { type: 'input_json_delta', partial_json: '{"command"' };
    expect(events.slice(0, 5)).toMatchObject([
      {
        event: 'message_delta',
        data: { message_id: 'm1', delta: { ...data, tool_use_id: 't1', name: 'Bash' } },
      },
      { event: 'message_complete', data: { message_id: 'm1', message: { content: [use] } } },
      {
        event: 'tool_use',
        data: {
          message_id: 'm1',
          tool_use_id: 't1',
          tool_name: 'Bash',
          input: { command: 'ls' },
        },
      },
      { event: 'tool_result', data: { tool_use_id: 't1', output: 'a.txt', is_error: false } },
      { event: 'tool_result', data: { tool_use_id: 't2', is_error: true } },
    ]);
  });

  it('repeat a message with all its blocks so far, and report each tool use once', async () => {
    const [a, b] = [toolUse('A', {}, 'a'), toolUse('B', {}, 'b')];
    const events = await runTurn(
      assistant([text('I will')], { id: 'm1' }),
      assistant([a], { id: 'm1' }),
      assistant([b], { id: 'm1' }),
    );
    expect(events.slice(0, 5)).toMatchObject([
      { event: 'message_complete', data: { message: { content: [text('I will')] } } },
      { event: 'message_complete', data: { message: { content: [text('I will'), a] } } },
      { event: 'tool_use', data: { tool_use_id: 'a' } },
      { event: 'message_complete', data: { message: { content: [text('I will'), a, b] } } },
      { event: 'tool_use', data: { tool_use_id: 'b' } },
    ]);
  });

  it('keep the messages of a sub-agent apart from the main conversation', async () => {
    const events = await runTurn(
      begin('main'),
      begin('sub', 't1'),
      words('main'),
      words('sub', 't1'),
      assistant([text('main')], { id: 'main' }),
      assistant([text('sub')], { id: 'sub', parent: 't1' }),
      assistant([text('more')], { id: 'main' }),
    );
    const sub = { parent_tool_use_id: 't1', message_id: 'sub' };
    expect(events.slice(0, 5)).toMatchObject([
      { data: { message_id: 'main', delta: { text: 'main' } } },
      { data: { ...sub, delta: { text: 'sub' } } },
      { data: { message_id: 'main', message: { content: [text('main')] } } },
      { data: { ...sub, message: { content: [text('sub')] } } },
      { data: { message_id: 'main', message: { content: [text('main'), text('more')] } } },
    ]);
    expect(events[0]?.data).not.toHaveProperty('parent_tool_use_id');
  });

  it('end with the cost of the turn, and of the session so far', async () => {
    const [first] = await runTurn(result({ cost: 0.25 }));
    const [second] = await runTurn(result({ cost: 0.75, subtype: 'error_max_turns' }));
    expect(first?.data).toMatchObject({
      session_id: id,
      subtype: 'success',
      is_error: false,
      total_cost_usd: 0.25,
      session_cost_usd: 0.25,
      duration_ms: 1,
      num_turns: 1,
      usage: { input_tokens: 1 },
    });
    expect(second?.data).toMatchObject({
      subtype: 'error_max_turns',
      is_error: true,
      total_cost_usd: 0.5,
      session_cost_usd: 0.75,
    });
    expect(await server.info(id)).toMatchObject({ total_cost_usd: 0.75 });
  });

  it('report the status of an MCP server only when it changes', async () => {
    const connected = { name: 'db', status: 'connected' };
    const first = await runTurn(init([connected, { name: 'web', status: 'pending' }]));
    const second = await runTurn(init([connected, { name: 'web', status: 'failed' }]));
    expect([...first, ...second].filter(({ event }) => event !== 'result')).toEqual([
      { event: 'mcp_status_change', data: { server_name: 'db', status: 'connected' } },
      { event: 'mcp_status_change', data: { server_name: 'web', status: 'pending' } },
      { event: 'mcp_status_change', data: { server_name: 'web', status: 'failed' } },
    ]);
  });

  it('continue after an unknown message of the agent, which is ignored', async () => {
    const unknown = [
      { type: 'of_the_future', payload: { deep: [1] } },
      { type: 'system', subtype: 'of_the_future' },
      { type: 'stream_event', event: { type: 'ping' }, parent_tool_use_id: null },
      words('without a beginning'),
    ] as unknown as SDKMessage[];
    const events = await runTurn(...unknown, assistant([text('fine')]));
    expect(events.map(({ event }) => event)).toEqual(['message_complete', 'result']);
  });

  it('continue after a malformed message of the agent, which is ignored', async () => {
    const broken = [
      { type: 'assistant' },
      { type: 'user', message: {} },
      { type: 'stream_event' },
    ] as unknown as SDKMessage[];
    const events = await runTurn(...broken, assistant([text('fine')]));
    expect(events.map(({ event }) => event)).toEqual(['message_complete', 'result']);
  });

  it('keep any text on one line of the stream', async () => {
    const odd = 'a\r\nb\n\nid: 7\u2028\u2029\0 \ud83d\ude00';
    const events = await runTurn(assistant([text(odd)]));
    expect(events[0]?.data).toMatchObject({ message: { content: [text(odd)] } });
    expect(stream.ids()).toEqual([2, 3, 4, 5]);
  });
});
