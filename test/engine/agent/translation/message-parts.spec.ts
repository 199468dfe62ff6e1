import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { WireEvent } from '../../../../src/agent-webkit/protocol/events.js';
import { MessageTranslator } from '../../../../src/agent-webkit/engine/agent/translation/message-translator.js';
import * as sdk from '../../../support/sdk-messages.js';

const block = (kind: 'text' | 'tool', size: number) =>
  kind === 'text'
    ? sdk.text('x'.repeat(size))
    : sdk.toolUse('Write', { content: 'x'.repeat(size) });

/** Returns the events of one message with these blocks, each of which is streamed first. */
function translate(blocks: Record<string, unknown>[]): WireEvent[] {
  const translator = new MessageTranslator('session', 0);
  const start = sdk.stream({ type: 'message_start', message: { id: 'msg_1' } });
  const events = translator.translate(start);
  for (const [index, content_block] of blocks.entries()) {
    const messages = [
      sdk.stream({ type: 'content_block_start', index, content_block }),
      sdk.stream({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: 'x' } }),
      sdk.assistant([content_block], { id: 'msg_1' }),
    ];
    events.push(...messages.flatMap((message) => translator.translate(message)));
  }
  return events;
}

const sizeOf = (events: readonly WireEvent[]) => JSON.stringify(events).length;

describe('a message with many blocks', () => {
  it('has one id while it has an ordinary size', () => {
    const events = translate(Array.from({ length: 20 }, () => block('text', 1000)));
    const ids = events.map(({ data }) => (data as { message_id: string }).message_id);
    expect(new Set(ids)).toEqual(new Set(['msg_1']));
  });

  it('continues under another id when it is large, and its events are three times its size at most', () => {
    const blocks = Array.from({ length: 25 }, () => block('text', 150_000));
    const events = translate(blocks);
    const contents = new Map<string, unknown[]>();
    for (const { event, data } of events) {
      if (event === 'message_complete') contents.set(data.message_id, data.message.content);
    }
    expect([...contents.keys()].slice(0, 3)).toEqual(['msg_1', 'msg_1.2', 'msg_1.3']);
    expect([...contents.values()].flat()).toEqual(blocks);
    expect(sizeOf(events)).toBeLessThan(3 * JSON.stringify(blocks).length);
  });

  it('keeps the order of deltas, message and tool uses, and all blocks, whatever their sizes', () => {
    const blocks = fc.array(
      fc.tuple(
        fc.constantFrom('text' as const, 'tool' as const),
        fc.constantFrom(1, 30_000, 150_000, 400_000),
      ),
      { minLength: 1, maxLength: 25 },
    );
    fc.assert(
      fc.property(blocks, (kinds) => {
        const given = kinds.map(([kind, size]) => block(kind, size));
        const contents = new Map<string, unknown[]>();
        let streaming = '';
        for (const { event, data } of translate(given)) {
          if (event === 'message_delta') streaming = data.message_id;
          if (event === 'message_complete') {
            expect(data.message_id).toBe(streaming);
            expect(data.message.id).toBe(streaming);
            const before = contents.get(streaming) ?? [];
            expect(data.message.content.slice(0, -1)).toEqual(before);
            contents.set(streaming, data.message.content);
          }
          if (event !== 'tool_use') continue;
          expect(data.message_id).toBe(streaming);
          expect(contents.get(streaming)).toContainEqual(
            expect.objectContaining({ id: data.tool_use_id }),
          );
        }
        expect([...contents.values()].flat()).toEqual(given);
      }),
      { numRuns: 30 },
    );
  });
});
