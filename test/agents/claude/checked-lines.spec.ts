import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';
import { LineLimit } from '../../../src/agent-webkit/agents/claude/line-limit.js';

async function pass(chunks: readonly string[]): Promise<string> {
  const lines = new LineLimit(1_000_000, () => {});
  const output = text(lines);
  for (const chunk of chunks) lines.write(chunk);
  lines.end();
  return output;
}

const OTHERS = [
  { type: 'assistant', message: { content: 'a control_request \u001b' } },
  { type: 'control_request', request_id: 'a', request: { subtype: 'can_use_tool' } },
  { type: 'control_cancel_request', request_id: 'a' },
  { type: 'control_response', response: { subtype: 'success', request_id: 'b' } },
  { type: 'transcript_mirror', filePath: '/file', entries: [{ type: 'user' }] },
].map((message) => `${JSON.stringify(message)}\n`);

it('requests of the agent are passed on', async () => {
  const whole = [...OTHERS, 'no JSON, but a control_request\n', 'the end \\u'].join('');
  expect(await pass([whole])).toBe(whole);
  expect(await pass(whole.split(''))).toBe(whole);
});

it.each([
  '{"type":"control_request"}',
  '{"type":"control_request","request_id":"a","request":null}',
  '{"type":"control_request","request_id":"a","request":[]}',
  '{"type":"control_request","request_id":"a","request":{"subtype":{"toString":1}}}',
  '{"type":"control_request","request":{"subtype":"x"}}',
  '{"type":"control_request","request_id":[[[]]],"request":{"subtype":"x"}}',
  `{"type":"control_request","request_id":"${'a'.repeat(257)}","request":{"subtype":"x"}}`,
  '{"type":"control\\u005frequest"}',
  '{"t\\u0079pe":"control_request"}',
  '{"type":"control_cancel_request","request_id":{}}',
  '{"type":"control_response","response":null}',
  '{"type":"transcript_mirror","filePath":5,"entries":[]}',
  '{"type":"transcript_mirror","filePath":"/file","entries":[null]}',
])('the line %s, which would end the server, is dropped', async (line) => {
  const [first = '', second = ''] = OTHERS;
  expect(await pass([first, `${line}\n`, second])).toBe(first + second);
  expect(await pass([first + line.slice(0, 9), `${line.slice(9)}\n${second}`])).toBe(
    first + second,
  );
  expect(await pass([first, line])).toBe(first);
});
