import { initialState, reduce } from '@agent-webkit/react';
import { describe, expect, it } from '@jest/globals';
import type { SDKMessage } from '../../../../src/agent-webkit/engine/agent-client.js';
import { MessageTranslator } from '../../../../src/agent-webkit/engine/agent/translation/message-translator.js';
import type { WireEvent } from '../../../../src/agent-webkit/protocol/events.js';
import { NOTICE_NAMES } from '../../../../src/agent-webkit/protocol/notices.js';
import { readRecording } from '../../../support/recordings.js';
import {
  apiError,
  apiRetry,
  compactBoundary,
  SAMPLES,
  status,
  thinkingTokens,
} from '../../../support/sdk-samples.js';
import * as sdk from '../../../support/sdk-messages.js';

function translate(...messages: SDKMessage[]): WireEvent[] {
  const translator = new MessageTranslator('session', 0);
  return messages.flatMap((message) => translator.translate(message));
}

const endedBy = (kind: string) =>
  `Agent terminated early due to an API error: API Error: 403 at http://llm.internal:8443\nsk-1 (error type ${kind}, HTTP 403)`;
const NO_ACCESS = expect.stringContaining('rejects the credentials of this server');
const compactions = (events: WireEvent[]) =>
  events.filter(({ event }) => event.startsWith('compaction'));

describe('the translation of a failed API request', () => {
  it('reports each retry with its number, its delay and the reason', () => {
    expect(translate(apiRetry(1), apiRetry(2))).toEqual(
      [1, 2].map((attempt) => ({
        event: 'api_retry',
        data: { attempt, max_retries: 10, retry_delay_ms: 500, status: 529, kind: 'overloaded' },
      })),
    );
  });

  it('reports rejected credentials at the first retry, and once in a turn', () => {
    const rejected = [1, 2, 3].map((attempt) => apiRetry(attempt, 'authentication_failed', 401));
    const events = translate(...rejected, apiError('authentication_failed'));

    expect(events.map(({ event }) => event)).toEqual([
      'api_retry',
      'error',
      'api_retry',
      'api_retry',
      'message_complete',
    ]);
    expect(events[1]?.data).toEqual({ code: 'agent_authentication_failed', message: NO_ACCESS });
  });

  it('reports rejected credentials again in the next turn', () => {
    const turn = [apiRetry(1, 'authentication_failed', 401), sdk.result()];
    const errors = translate(...turn, ...turn).filter(({ event }) => event === 'error');

    expect(errors).toHaveLength(2);
  });

  it.each([
    ['overloaded', 'agent_api_error', 'The API is overloaded. Try again later.'],
    ['authentication_failed', 'agent_authentication_failed', NO_ACCESS],
    [
      'a kind of tomorrow',
      'agent_api_error',
      expect.stringContaining('The request to the API failed'),
    ],
  ])('replaces the text of the error %s, in the message and the result', (kind, code, message) => {
    const api = { ...sdk.result(), is_error: true, terminal_reason: 'api_error' } as SDKMessage;
    const events = translate(apiError(kind), { ...api, result: 'see llm.internal' } as SDKMessage);

    expect(events).toMatchObject([
      { data: { message: { content: [{ type: 'text', text: message }] } } },
      { event: 'error', data: { code, message } },
      {
        event: 'result',
        data: { is_error: true, errors: [message], terminal_reason: 'api_error' },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('llm.internal');
  });

  it('says what to do when the conversation is too long', () => {
    const [, error] = translate(apiError('invalid_request', 'Prompt is too long · 1M tokens'));

    expect(error?.data).toMatchObject({ message: expect.stringContaining('Send `/compact`') });
  });

  it('removes the address of the API from the output of a sub-agent', () => {
    const text = 'Overloaded. If it persists, check your inference gateway (llm.internal:8443).';
    const outputs = [sdk.toolResult('toolu_a', text), sdk.toolResult('toolu_a', [sdk.text(text)])];

    expect(translate(...outputs)).toMatchObject([
      { data: { output: 'Overloaded.' } },
      { data: { output: [{ type: 'text', text: 'Overloaded.' }] } },
    ]);
  });

  it('replaces the text of the API about a sub-agent that it ended, and keeps the output before that', () => {
    const partial = '\n\nEverything below is PARTIAL output recovered from the agent.';
    const [failed, ended, cut] = translate(
      sdk.toolResult('toolu_a', endedBy('authentication_failed'), true),
      sdk.taskStarted('t1'),
      sdk.taskEnded('t1', { status: 'failed', summary: endedBy('new_kind') }),
      sdk.toolResult('toolu_b', [sdk.text(endedBy('overloaded') + partial), sdk.text('half')]),
    ).filter(({ event }) => event !== 'task_started');
    const start = 'Agent terminated early due to an API error: ';

    expect(failed?.data).toMatchObject({
      output: expect.stringContaining(`${start}The API rejects the credentials of this server.`),
    });
    expect(ended?.data).toMatchObject({ summary: `${start}The request to the API failed.` });
    const overloaded = `${start}The API is overloaded. Try again later.${partial}`;
    expect(cut?.data).toMatchObject({ output: [{ text: overloaded }, { text: 'half' }] });
    expect(JSON.stringify([failed, ended, cut])).not.toMatch(/llm\.internal|sk-1/);
  });
});

describe('the translation of a compaction', () => {
  const start = { event: 'compaction_start', data: {} };

  it('has a start, and an end with the figures', () => {
    expect(compactions(translate(...readRecording('compact')))).toEqual([
      start,
      {
        event: 'compaction_end',
        data: {
          outcome: 'completed',
          trigger: 'manual',
          tokens_before: expect.any(Number),
          tokens_after: expect.any(Number),
          duration_ms: 1,
        },
      },
      start,
      {
        event: 'compaction_end',
        data: { outcome: 'failed', message: 'Not enough messages to compact.' },
      },
    ]);
  });

  it('ends as cancelled when the turn ends first', () => {
    const events = translate(status({ status: 'compacting' }), sdk.result());

    expect(compactions(events)).toEqual([
      start,
      { event: 'compaction_end', data: { outcome: 'cancelled' } },
    ]);
  });

  it('does not end at a change of the permission mode', () => {
    const change = status({ status: null, permissionMode: 'plan' });

    expect(translate(status({ status: 'compacting' }), change)).toEqual([start]);
  });

  it('does not repeat the text of the API when it fails', () => {
    expect(translate(...SAMPLES['system/status'])).toEqual([
      start,
      {
        event: 'compaction_end',
        data: { outcome: 'failed', message: 'The conversation could not be compacted.' },
      },
    ]);
  });

  it('has a start also when only its figures are reported', () => {
    expect(translate(compactBoundary()).map(({ event }) => event)).toEqual([
      'compaction_start',
      'compaction_end',
    ]);
  });
});

describe('the translation of thinking', () => {
  it('sends the thoughts as deltas, the progress, and the block in the message', () => {
    const events = translate(...readRecording('thinking'));

    expect(events.slice(0, -1)).toMatchObject([
      { event: 'thinking_progress', data: { estimated_tokens: 2 } },
      { event: 'thinking_delta', data: { message_id: 'msg_00000001', thinking: 'let me ' } },
      { event: 'thinking_delta', data: { message_id: 'msg_00000001', thinking: 'see' } },
      { event: 'message_complete', data: { message: { content: [{ type: 'thinking' }] } } },
      { event: 'message_delta', data: { delta: { text: 'hello' } } },
      { event: 'message_complete' },
    ]);
  });

  it('reports the progress when the tokens of the block have doubled', () => {
    const tokens = [1, 2, 3, 4, 5, 8].map((count) => thinkingTokens(count));
    const events = translate(...tokens, thinkingTokens(3, 3), thinkingTokens(6));

    expect(events.map(({ data }) => data)).toEqual(
      [1, 2, 4, 8, 3, 6].map((estimated_tokens) => ({ estimated_tokens })),
    );
  });
});

describe('the translation of a notice', () => {
  it.each<[keyof typeof SAMPLES, unknown[]]>([
    [
      'rate_limit_event',
      [
        {
          event: 'rate_limit',
          data: { status: 'rejected', kind: 'five_hour', resets_at: '2027-01-15T08:00:00.000Z' },
        },
        { event: 'rate_limit', data: { status: 'allowed', utilization: 0.5 } },
      ],
    ],
    [
      'tool_progress',
      [
        {
          event: 'tool_progress',
          data: { tool_use_id: 'toolu_a', tool_name: 'Bash', elapsed_ms: 30_000 },
        },
        {
          event: 'api_retry',
          data: {
            attempt: 1,
            max_retries: 10,
            retry_delay_ms: 500,
            status: null,
            kind: 'overloaded',
            parent_tool_use_id: 'toolu_a',
          },
        },
      ],
    ],
    [
      'system/permission_denied',
      [
        {
          event: 'permission_denied',
          data: {
            tool_name: 'Bash',
            tool_use_id: 'toolu_a',
            kind: 'rule',
            reason: 'Bash(rm:*)',
          },
        },
      ],
    ],
    ['prompt_suggestion', [{ event: 'prompt_suggestion', data: { suggestion: 'Run the tests' } }]],
    [
      'system/informational',
      [{ event: 'notification', data: { text: 'Blocked by a hook.', level: 'warning' } }],
    ],
    [
      'system/model_refusal_no_fallback',
      [{ event: 'model_refusal', data: { model: 'a', fallback_model: null, category: 'bio' } }],
    ],
    [
      'system/session_writes_lost',
      [
        {
          event: 'error',
          data: { code: 'transcript_not_stored', message: expect.any(String) },
        },
      ],
    ],
  ])('translates %s', (kind, events) => {
    expect(translate(...SAMPLES[kind])).toEqual(events);
  });

  it('changes nothing in the published reducer', () => {
    const names = new Set<string>(Object.keys(NOTICE_NAMES));
    const events = translate(...Object.values(SAMPLES).flat()).filter(({ event }) =>
      names.has(event),
    );
    expect(new Set(events.map(({ event }) => event))).toEqual(names);
    for (const event of events) {
      const action = { type: 'server_event', event: { id: 1, ...event } } as never;
      expect(reduce(initialState, action)).toBe(initialState);
    }
  });

  it('reports a status of the rate limit and of the sign-in only when it changes', () => {
    const events = [...SAMPLES['rate_limit_event'], ...SAMPLES['auth_status']];

    expect(translate(...events.flatMap((one) => [one, one])).map(({ event }) => event)).toEqual([
      'rate_limit',
      'rate_limit',
      'auth_status',
      'auth_status',
      'error',
      'error',
    ]);
  });
});
