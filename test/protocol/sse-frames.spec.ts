import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeFrames, encodeFrame } from '../../src/agent-webkit/protocol/sse-frames.js';

describe('the frames of events', () => {
  it('are Server-Sent Events', () => {
    expect(encodeFrame({ id: 7, name: 'done', data: '{}' })).toBe(
      'id: 7\nevent: done\ndata: {}\n\n',
    );
  });

  it('are rejected when they are malformed', () => {
    const bytes = Buffer.from(encodeFrame({ id: 1, name: 'done', data: '{}\n\n' }));
    expect(() => decodeFrames(bytes)).toThrow('one line of JSON');
  });

  it('decode to the encoded events, whatever JSON they contain', () => {
    const event = fc.record({
      id: fc.integer({ min: 1 }),
      name: fc.constantFrom('message_delta', 'done'),
      data: fc
        .oneof(fc.jsonValue(), fc.string({ unit: 'binary' }))
        .map((value) => JSON.stringify(value)),
    });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        expect(decodeFrames(Buffer.from(events.map(encodeFrame).join('')))).toEqual(events);
      }),
    );
  });
});
