import { describe, expect, it } from '@jest/globals';
import { checkContent } from '../../../src/agent-webkit/engine/registry/content-limits.js';
import { PayloadTooLargeError } from '../../../src/agent-webkit/engine/errors.js';
import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';

const LIMITS = { maxContentBlocks: 2, maxTextLength: 5, maxImageBytes: 6 };

const text = (value: string) => ({ type: 'text', text: value }) as const;
const image = (bytes: number) =>
  ({
    type: 'image',
    source: {
      type: 'base64',
      media_type: 'image/png',
      data: Buffer.alloc(bytes).toString('base64'),
    },
  }) as const;

describe('a user message', () => {
  it.each([
    ['a text', '12345'],
    ['a text in a block', [text('12345')]],
    ['several texts, each', [text('12345'), text('12345')]],
    ['an image', [image(6)]],
    ['an image whose base64 is padded', [image(5)], 5],
    ['a list of blocks', [image(6), text('12345')]],
  ] as [string, UserContent, number?][])(
    'is accepted with %s of the maximum size',
    (_, content, maxImageBytes = 6) => {
      expect(() => checkContent(content, { ...LIMITS, maxImageBytes })).not.toThrow();
    },
  );

  it.each([
    ['a text', '123456', 'content: must have at most 5 characters, but has 6.'],
    [
      'a text in a block',
      [text('1'), text('123456')],
      'content[1].text: must have at most 5 characters, but has 6.',
    ],
    ['an image', [image(7)], 'content[0].source.data: must have at most 6 bytes, but has 7.'],
    [
      'a list of blocks',
      [text('1'), text('2'), text('3')],
      'content: must have at most 2 blocks, but has 3.',
    ],
  ] as [string, UserContent, string][])(
    'is rejected with %s above the maximum size',
    (_, content, message) => {
      expect(() => checkContent(content, LIMITS)).toThrow(PayloadTooLargeError);
      expect(() => checkContent(content, LIMITS)).toThrow(message);
    },
  );
});
