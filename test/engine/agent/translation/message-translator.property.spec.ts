import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { SDKMessage } from '../../../../src/agent-webkit/engine/agent-client.js';
import { MessageTranslator } from '../../../../src/agent-webkit/engine/agent/translation/message-translator.js';
import { readRecording } from '../../../support/recordings.js';
import { SAMPLES } from '../../../support/sdk-samples.js';
import * as sdk from '../../../support/sdk-messages.js';

const SCENARIOS = readdirSync(new URL('../../../fixtures/sdk-messages/', import.meta.url)).map(
  (file) => file.replace('.jsonl', ''),
);
const RECORDED = SCENARIOS.flatMap(readRecording);

const parent = fc.constantFrom(null, 'toolu_a', 'toolu_b');
const block: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc.string().map(sdk.text),
  fc.nat(9).map((n) => sdk.toolUse('Bash', { n })),
  fc.constant({ type: 'thinking', thinking: 'hm', signature: '' }),
  fc.record({ type: fc.constantFrom('server_tool_use', 'a block of tomorrow') }),
);
const streamed = fc.oneof(
  fc.constant({ type: 'message_start', message: { id: 'msg_s' } }),
  fc.record({
    type: fc.constant('content_block_start'),
    index: fc.nat(2),
    content_block: fc.constantFrom(
      { type: 'text', text: '' },
      { type: 'tool_use', id: 'toolu_s', name: 'Bash', input: {} },
    ),
  }),
  fc.record({
    type: fc.constant('content_block_delta'),
    index: fc.nat(2),
    delta: fc.constantFrom(
      { type: 'text_delta', text: 'x' },
      { type: 'input_json_delta', partial_json: '{' },
      { type: 'thinking_delta', thinking: 'hm' },
      { type: 'a delta of tomorrow' },
    ),
  }),
  fc.record({
    type: fc.constantFrom('content_block_stop', 'message_delta', 'message_stop', 'ping', 'new'),
  }),
);
const unknown = fc.oneof(
  fc.record({ type: fc.string(), subtype: fc.string() }),
  fc.record({ type: fc.constant('system'), subtype: fc.constantFrom('a subtype of tomorrow', '') }),
  fc.record({ type: fc.constantFrom('command_lifecycle', 'constructor', 'system/init') }),
) as fc.Arbitrary<unknown>;
const anything = fc.oneof(
  fc.constantFrom(...RECORDED, ...Object.values(SAMPLES).flat()),
  fc.tuple(streamed, parent).map(([event, from]) => sdk.stream(event, from)),
  fc
    .tuple(fc.array(block, { maxLength: 3 }), parent)
    .map(([content, from]) => sdk.assistant(content, { id: 'msg_x', parent: from })),
  fc.float({ noNaN: true, min: 0, max: 10 }).map((cost) => sdk.result({ cost })),
  unknown.map((message) => message as SDKMessage),
);

describe('the message translator', () => {
  it('never throws, whatever messages come in whatever order', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 40 }), (messages) => {
        const translator = new MessageTranslator('session', 0);
        for (const message of messages) {
          for (const { data } of translator.translate(message)) JSON.stringify(data);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('translates an unknown message to no event', () => {
    const known = new Set(['assistant', 'stream_event', 'user', 'result']);
    fc.assert(
      fc.property(unknown, (message) => {
        fc.pre(!known.has((message as { type: string }).type));
        expect(new MessageTranslator('s', 0).translate(message as SDKMessage)).toEqual([]);
      }),
    );
  });

  it('completes a message with all its blocks so far, although other messages come in between', () => {
    // Each conversation has one message after the other, block by block, as in the SDK.
    const saying = fc.record({
      from: parent,
      isNew: fc.boolean(),
      content: fc.array(block, { minLength: 1, maxLength: 3 }),
      delta: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(saying, { maxLength: 30 }), (sayings) => {
        const translator = new MessageTranslator('session', 0);
        const speaking = new Map<string | null, { id: string; content: unknown[] }>();
        sayings.forEach(({ from, isNew, content, delta }, index) => {
          const last = isNew ? undefined : speaking.get(from);
          const id = last?.id ?? `msg_${index}`;
          speaking.set(from, { id, content: [...(last?.content ?? []), ...content] });
          if (delta) translator.translate(sdk.stream({ type: 'message_start', message: { id } }));
          const [complete, ...uses] = translator.translate(
            sdk.assistant(content, { id, parent: from }),
          );
          expect(complete?.data).toMatchObject({
            message_id: id,
            message: { id, content: speaking.get(from)?.content },
          });
          expect(complete?.data).toEqual(
            from === null
              ? expect.not.objectContaining({ parent_tool_use_id: expect.anything() })
              : expect.objectContaining({ parent_tool_use_id: from }),
          );
          const used = content.filter(({ type }) => type === 'tool_use').map((one) => one['id']);
          expect(uses).toMatchObject(
            used.map((tool_use_id) => ({
              event: 'tool_use',
              data: { message_id: id, tool_use_id },
            })),
          );
        });
      }),
      { numRuns: 300 },
    );
  });

  it('reports costs that add up to the session’s, also over agents that lost their total', () => {
    const totals = fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.nat(50), totals, (before, told) => {
        const translator = new MessageTranslator('session', before);
        let sum = before;
        for (const cost of told) {
          const [wire] = translator.translate(sdk.result({ cost }));
          if (wire?.event !== 'result') throw new Error('No result.');
          expect(wire.data.total_cost_usd).toBeGreaterThanOrEqual(0);
          sum += wire.data.total_cost_usd;
          expect(wire.data.session_cost_usd).toBe(sum);
        }
      }),
    );
  });

  it('keeps the events of one message in order: deltas, complete, tool uses', () => {
    for (const scenario of SCENARIOS) {
      const translator = new MessageTranslator('session', 0);
      const events = readRecording(scenario).flatMap((message) => translator.translate(message));
      const used = new Set<string>();
      const completed = new Set<string>();
      for (const { event, data } of events) {
        if (event === 'message_complete') {
          for (const one of data.message.content as { id?: string }[]) completed.add(one.id ?? '');
        }
        if (event === 'message_delta' && data.delta.type === 'input_json_delta') {
          expect(completed).not.toContain(data.delta.tool_use_id);
        }
        if (event !== 'tool_use') continue;
        expect(completed).toContain(data.tool_use_id);
        expect(used).not.toContain(data.tool_use_id);
        used.add(data.tool_use_id);
      }
    }
  });
});
