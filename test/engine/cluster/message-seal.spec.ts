import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  maxMessageBytes,
  MessageSeal,
} from '../../../src/agent-webkit/engine/cluster/message-seal.js';

const key = randomBytes(32);
const seal = new MessageSeal(key);
const text = fc.string({ unit: 'binary', maxLength: 300 });
const address = fc.stringMatching(/^[\w-]{1,40}$/);

/** Returns the text of a message that a new server opens; null when it cannot. */
const openText = (sealed: string, to: string) =>
  new MessageSeal(key).open(sealed, to)?.text ?? null;

describe('a sealed message', () => {
  it('opens to the same text for its receiver, and has not the same bytes twice', () => {
    fc.assert(
      fc.property(text, address, (message, to) => {
        const sealed = seal.seal(message, to);
        expect(openText(sealed, to)).toBe(Buffer.from(message).toString());
        expect(seal.seal(message, to)).not.toBe(sealed);
        expect(new MessageSeal(key).seal(message, to)).not.toBe(sealed);
      }),
    );
  });

  it('does not open for another receiver, or by another key', () => {
    fc.assert(
      fc.property(text, address, address, (message, to, other) => {
        fc.pre(to !== other);
        expect(openText(seal.seal(message, to), other)).toBeNull();
        expect(new MessageSeal(randomBytes(32)).open(seal.seal(message, to), to)).toBeNull();
      }),
    );
  });

  it('does not open when any bit is changed, or when it is cut', () => {
    fc.assert(
      fc.property(text, address, fc.nat(), fc.nat(7), (message, to, place, bit) => {
        const bytes = Buffer.from(seal.seal(message, to), 'base64');
        const index = place % bytes.length;
        expect(openText(bytes.subarray(0, index).toString('base64'), to)).toBeNull();
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        expect(openText(bytes.toString('base64'), to)).toBeNull();
      }),
    );
  });

  it('is new only while no later one of its sender was opened, whatever others send', () => {
    const arrivals = fc.array(fc.tuple(fc.nat(2), fc.nat(9)), { maxLength: 40 });
    fc.assert(
      fc.property(arrivals, (arrived) => {
        const senders = Array.from({ length: 3 }, () => new MessageSeal(key));
        const sent = senders.map((sender, from) =>
          Array.from({ length: 10 }, (_, index) => sender.seal(`${from}.${index}`, 'to')),
        );
        const receiver = new MessageSeal(key);
        const last = [-1, -1, -1];
        for (const [from, index] of arrived) {
          expect(receiver.open(sent[from]?.[index] ?? '', 'to')).toEqual({
            text: `${from}.${index}`,
            isNew: index > (last[from] ?? 0),
          });
          last[from] = Math.max(last[from] ?? 0, index);
        }
      }),
    );
  });

  it('is nothing that was not sealed', () => {
    fc.assert(fc.property(text, address, (any, to) => seal.open(any, to) === null));
  });

  it('fits into the size that it was made for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9000 }), (bytes) => {
        const most = maxMessageBytes(bytes);
        if (most > 0) expect(seal.seal('x'.repeat(most), 'to').length).toBeLessThanOrEqual(bytes);
        expect(seal.seal('x'.repeat(most + 4), 'to').length).toBeGreaterThan(bytes);
      }),
    );
  });

  it('needs a key of 32 bytes', () => {
    expect(() => new MessageSeal(randomBytes(31))).toThrow('32 bytes');
  });
});
