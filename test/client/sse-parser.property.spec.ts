import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type Frame, SseParser } from '../../src/agent-webkit-client/sse-parser.js';

const word = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .map((text) => text.replace(/[\r\n]/g, ''));
const frame = fc.record({
  id: word.filter((id) => !id.includes('\0')),
  event: word,
  data: fc.array(word, { minLength: 1, maxLength: 3 }),
});

const written = (frames: { id: string; event: string; data: string[] }[], end: string): string =>
  frames
    .map(({ id, event, data }) =>
      [
        `id: ${id}`,
        `: keepalive`,
        `event: ${event}`,
        ...data.map((line) => `data: ${line}`),
        '',
        '',
      ].join(end),
    )
    .join('');

describe('the parser of server-sent events', () => {
  it('reads every event, wherever its bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 5 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(40), { minLength: 1, maxLength: 20 }),
        (frames, end, sizes) => {
          const bytes = new TextEncoder().encode(written(frames, end));
          const parser = new SseParser();
          const read: Frame[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = 1 + (sizes[turn % sizes.length] ?? 0);
            read.push(...parser.push(bytes.slice(at, at + size)));
            at += size;
          }
          expect(read).toEqual(
            frames.map(({ id, event, data }) => ({ id, event, data: data.join('\n') })),
          );
        },
      ),
    );
  });

  it('reads no event that is not complete', () => {
    const parser = new SseParser();
    expect(parser.push(new TextEncoder().encode('id: 1\nevent: a\ndata: {}\n'))).toEqual([]);
  });
});
