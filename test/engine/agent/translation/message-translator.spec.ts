import { describe, expect, it } from '@jest/globals';
import { MessageTranslator } from '../../../../src/agent-webkit/engine/agent/translation/message-translator.js';
import type { WireEvent } from '../../../../src/agent-webkit/protocol/events.js';
import { readRecording } from '../../../support/recordings.js';
import { init } from '../../../support/sdk-messages.js';

function translate(scenario: string, costUsd = 0): WireEvent[] {
  const translator = new MessageTranslator('session', costUsd);
  return readRecording(scenario).flatMap((message) => translator.translate(message));
}

const id = (long: string) => long.replace(/^(msg|toolu)_0+/, '$1_');

/** Formats an event as one line: its name, its ids and its content. */
function line(wire: WireEvent): string {
  const { event, data } = wire;
  const parent = 'parent_tool_use_id' in data ? `[${data.parent_tool_use_id}] ` : '';
  const words = (): unknown[] => {
    switch (event) {
      case 'message_delta': {
        const { delta } = data;
        return delta.type === 'text'
          ? [id(data.message_id), delta.text]
          : [id(data.message_id), id(delta.tool_use_id), delta.name, delta.partial_json];
      }
      case 'message_complete':
        return [
          id(data.message_id),
          (data.message.content as { type: string; id?: string; text?: string }[])
            .map((block) => (block.type === 'text' ? block.text : id(block.id ?? '')))
            .join(' + '),
        ];
      case 'tool_use':
        return [id(data.message_id), id(data.tool_use_id), data.tool_name];
      case 'tool_result':
        return [id(data.tool_use_id), data.is_error ? 'failed' : 'fine'];
      case 'task_started':
        return [id(data.tool_use_id ?? ''), data.task_type];
      case 'task_progress':
        return [data.last_tool_name];
      case 'task_ended':
        return [id(data.tool_use_id ?? ''), data.status];
      case 'result':
        return [data.subtype, data.is_error ? 'failed' : 'fine'];
      default:
        return [JSON.stringify(data)];
    }
  };
  return `${parent}${event} ${words().join(' | ')}`;
}

const lines = (scenario: string) => translate(scenario).map(line);
const results = (events: WireEvent[]) =>
  events.flatMap((wire) => (wire.event === 'result' ? [wire.data] : []));

const BASH_INPUT = [
  'message_delta msg_1 | toolu_2 | Bash | {"command":"touch file"',
  'message_delta msg_1 | toolu_2 | Bash | ,"description":"test"}',
];

describe('the message translator, for recorded SDK messages', () => {
  it('translates a text turn to deltas, a message and a result', () => {
    expect(lines('text-turn')).toEqual([
      'message_delta msg_1 | Hello ',
      'message_delta msg_1 | there',
      'message_complete msg_1 | Hello there',
      'result success | fine',
    ]);
    expect(translate('text-turn').slice(-2)).toEqual([
      {
        event: 'message_complete',
        data: {
          message_id: 'msg_00000001',
          message: {
            id: 'msg_00000001',
            role: 'assistant',
            content: [{ type: 'text', text: 'Hello there' }],
            model: expect.any(String),
            stop_reason: null,
          },
        },
      },
      {
        event: 'result',
        data: {
          session_id: 'session',
          subtype: 'success',
          is_error: false,
          total_cost_usd: 0.006,
          session_cost_usd: 0.006,
          duration_ms: 1,
          num_turns: 1,
          usage: expect.objectContaining({ output_tokens: 100 }),
          result: 'Hello there',
          stop_reason: 'end_turn',
          terminal_reason: 'completed',
          model_usage: {
            'claude-opus-5-5': {
              input_tokens: 1000,
              output_tokens: 100,
              cache_read_input_tokens: 0,
              cache_creation_input_tokens: 0,
              cost_usd: 0.006,
            },
          },
        },
      },
    ]);
  });

  it('completes a message of several blocks with all blocks so far each time', () => {
    expect(lines('several-blocks')).toEqual([
      'message_delta msg_1 | Two ',
      'message_delta msg_1 | calls',
      'message_complete msg_1 | Two calls',
      'message_delta msg_1 | toolu_2 | Bash | {"command":"echo first"',
      'message_delta msg_1 | toolu_2 | Bash | ,"description":"test"}',
      'message_complete msg_1 | Two calls + toolu_2',
      'tool_use msg_1 | toolu_2 | Bash',
      'message_delta msg_1 | toolu_3 | Bash | {"command":"echo second',
      'message_delta msg_1 | toolu_3 | Bash | ","description":"test"}',
      'message_complete msg_1 | Two calls + toolu_2 + toolu_3',
      'tool_use msg_1 | toolu_3 | Bash',
      'tool_result toolu_2 | fine',
      'tool_result toolu_3 | fine',
      'message_delta msg_4 | All ',
      'message_delta msg_4 | done',
      'message_complete msg_4 | All done',
      'result success | fine',
    ]);
  });

  it('translates an allowed tool call to its input and its result', () => {
    expect(lines('tool-allowed')).toEqual([
      ...BASH_INPUT,
      'message_complete msg_1 | toolu_2',
      'tool_use msg_1 | toolu_2 | Bash',
      'tool_result toolu_2 | fine',
      'message_delta msg_3 | done',
      'message_complete msg_3 | done',
      'result success | fine',
    ]);
    expect(translate('tool-allowed').slice(3, 5)).toEqual([
      {
        event: 'tool_use',
        data: {
          message_id: 'msg_00000001',
          tool_use_id: 'toolu_00000002',
          tool_name: 'Bash',
          input: { command: 'touch file', description: 'test' },
        },
      },
      {
        event: 'tool_result',
        data: {
          tool_use_id: 'toolu_00000002',
          output: '(Bash completed with no output)',
          is_error: false,
        },
      },
    ]);
  });

  it('translates a denied tool call to a failed result with the reason', () => {
    expect(translate('tool-denied')[4]).toEqual({
      event: 'tool_result',
      data: { tool_use_id: 'toolu_00000002', output: 'Not today.', is_error: true },
    });
  });

  it('translates a question to a tool use whose result has the answers', () => {
    expect(lines('question').slice(2)).toEqual([
      'message_complete msg_1 | toolu_2',
      'tool_use msg_1 | toolu_2 | AskUserQuestion',
      'tool_result toolu_2 | fine',
      'message_delta msg_3 | blue it is',
      'message_complete msg_3 | blue it is',
      'result success | fine',
    ]);
  });

  it('translates an interrupted turn to the messages so far and a result without SDK diagnostics', () => {
    expect(lines('interrupted')).toEqual([
      'message_delta msg_1 | part',
      'message_complete msg_1 | part',
      'result error_during_execution | failed',
      'message_delta msg_2 | went on',
      'message_complete msg_2 | went on',
      'result success | fine',
    ]);
    for (const data of results(translate('interrupted'))) expect(data).not.toHaveProperty('errors');
  });

  it('translates a turn that is interrupted at a permission to a failed tool result', () => {
    expect(lines('interrupted-tool')).toEqual([
      ...BASH_INPUT,
      'message_complete msg_1 | toolu_2',
      'tool_use msg_1 | toolu_2 | Bash',
      'tool_result toolu_2 | failed',
      'result error_during_execution | failed',
      'message_delta msg_3 | went on',
      'message_complete msg_3 | went on',
      'result success | fine',
    ]);
  });

  it('translates an API error to a message, an error and a failed result', () => {
    const message = 'The request to the API failed.';
    expect(translate('api-error')).toMatchObject([
      {
        event: 'message_complete',
        data: { message: { content: [{ type: 'text', text: message }] } },
      },
      { event: 'error', data: { code: 'agent_api_error', message } },
      {
        event: 'result',
        data: {
          is_error: true,
          total_cost_usd: 0,
          errors: [message],
          terminal_reason: 'api_error',
        },
      },
    ]);
    expect(JSON.stringify(translate('api-error'))).not.toContain('refused');
  });

  it('translates requests that are retried before the answer', () => {
    expect(translate('overloaded').slice(0, 2)).toMatchObject(
      [1, 2].map((attempt) => ({
        event: 'api_retry',
        data: { attempt, max_retries: 10, status: 529, kind: 'overloaded' },
      })),
    );
    expect(lines('overloaded').slice(2)).toEqual([
      'message_delta msg_1 | hello',
      'message_complete msg_1 | hello',
      'result success | fine',
    ]);
  });

  it('translates the output in the format of the host', () => {
    expect(results(translate('structured'))).toMatchObject([
      { result: '{"a":1}', structured_output: { a: 1 } },
    ]);
  });

  it('translates a call that the permission mode denies to a notice, and lists it in the result', () => {
    const [denied] = translate('denied').flatMap((wire) =>
      wire.event === 'permission_denied' ? [wire.data] : [],
    );
    const [result] = results(translate('denied'));
    expect(denied).toEqual({
      tool_name: 'Bash',
      tool_use_id: expect.any(String),
      kind: 'mode',
    });
    expect(result?.permission_denials).toEqual([
      { tool_name: 'Bash', tool_use_id: denied?.tool_use_id },
    ]);
  });

  it('gives the events of a sub-agent the id of its tool use, and mixes them with no other message', () => {
    expect(lines('sub-agent')).toEqual([
      'message_delta msg_1 | I delegate',
      'message_complete msg_1 | I delegate',
      expect.stringContaining('message_delta msg_1 | toolu_2 | Agent | {'),
      expect.stringContaining('message_delta msg_1 | toolu_2 | Agent | '),
      'message_complete msg_1 | I delegate + toolu_2',
      'tool_use msg_1 | toolu_2 | Agent',
      'task_started toolu_2 | local_agent',
      'task_progress Bash',
      '[toolu_00000002] message_complete msg_3 | toolu_4',
      '[toolu_00000002] tool_use msg_3 | toolu_4 | Bash',
      '[toolu_00000002] tool_result toolu_4 | fine',
      'task_ended toolu_2 | completed',
      'tool_result toolu_2 | fine',
      'message_delta msg_6 | It looked.',
      'message_complete msg_6 | It looked.',
      'result success | fine',
    ]);
  });

  it('reports the cost of the turn and of the session', () => {
    const costs = results(translate('two-turns'));
    expect(costs.map(({ total_cost_usd }) => total_cost_usd)).toEqual([0.006, 0.006]);
    expect(costs.map(({ session_cost_usd }) => session_cost_usd)).toEqual([0.006, 0.012]);
  });

  it('continues the session cost of the last agent', () => {
    expect(results(translate('resumed', 0.006))).toMatchObject([
      { total_cost_usd: 0.006, session_cost_usd: 0.012 },
    ]);
  });

  it('reports an MCP server only when its status changes', () => {
    const translator = new MessageTranslator('session', 0);
    const said = [
      [{ name: 'crm', status: 'pending' }],
      [{ name: 'crm', status: 'pending' }],
      [
        { name: 'crm', status: 'connected' },
        { name: 'docs', status: 'failed' },
      ],
    ].flatMap((servers) => translator.translate(init(servers)));
    expect(said.map(line)).toEqual([
      'mcp_status_change {"server_name":"crm","status":"pending"}',
      'mcp_status_change {"server_name":"crm","status":"connected"}',
      'mcp_status_change {"server_name":"docs","status":"failed"}',
    ]);
  });
});
