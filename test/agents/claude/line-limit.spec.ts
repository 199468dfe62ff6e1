import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, nat, string } from 'fast-check';
import { LineLimit } from '../../../src/agent-webkit/agents/claude/line-limit.js';

/** Writes the chunks, and returns the output with the number of times that the limit was exceeded. */
async function pass(chunks: readonly string[], maxBytes: number) {
  let exceeded = 0;
  const lines = new LineLimit(maxBytes, () => {
    exceeded += 1;
  });
  const output = text(lines);
  for (const chunk of chunks) lines.write(chunk);
  lines.end();
  return { output: await output, exceeded };
}

const chunks = array(string({ unit: constantFrom('x', '\n'), minLength: 1 }));

it('output is passed on unchanged while no line is longer than the limit', async () => {
  await assert(
    asyncProperty(chunks, async (written) => {
      const whole = written.join('');
      const longest = Math.max(...whole.split('\n').map((line) => line.length));
      expect(await pass(written, longest)).toEqual({ output: whole, exceeded: 0 });
    }),
  );
});

it('output ends before the chunk with which a line becomes too long, and never exceeds the limit again', async () => {
  await assert(
    asyncProperty(chunks, nat(3), async (written, maxBytes) => {
      const { output, exceeded } = await pass([...written, 'x'.repeat(maxBytes + 1)], maxBytes);
      expect(exceeded).toBe(1);
      expect(written.join('').startsWith(output)).toBe(true);
      const unfinished = output.split('\n').at(-1) ?? '';
      expect(unfinished.length).toBeLessThanOrEqual(maxBytes);
    }),
  );
});

it('output that has ended by a line that is too long drops what is still written', async () => {
  const lines = new LineLimit(3, () => {});
  lines.resume().write('xxxx');
  await once(lines, 'end');
  for (let written = 0; written < 100; written += 1) lines.write('x'.repeat(1_000_000));
  lines.end();
  await once(lines, 'close');

  expect(lines.readableLength).toBe(0);
});
