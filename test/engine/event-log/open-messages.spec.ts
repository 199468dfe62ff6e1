import { describe, expect, it } from '@jest/globals';
import type { WireEvent } from '../../../src/agent-webkit/protocol/events.js';
import { wireEventOf } from '../../support/event-time.js';
import { memoryEvents } from '../../support/memory-events.js';
import { openLog } from '../../support/open-log.js';

const sub = (parent?: string) => (parent === undefined ? {} : { parent_tool_use_id: parent });
const delta = (message_id: string, parent?: string): WireEvent => ({
  event: 'message_delta',
  data: { message_id, delta: { type: 'text', text: '…' }, ...sub(parent) },
});
const thought = (message_id: string): WireEvent => ({
  event: 'thinking_delta',
  data: { message_id, thinking: 'hm' },
});
const complete = (message_id: string, texts: string[], parent?: string): WireEvent => ({
  event: 'message_complete',
  data: {
    message_id,
    message: {
      id: message_id,
      role: 'assistant',
      content: texts.map((text) => ({ type: 'text', text })),
      model: 'test',
      stop_reason: null,
    },
    ...sub(parent),
  },
});
const toolResult = (tool_use_id: string): WireEvent => ({
  event: 'tool_result',
  data: { tool_use_id, output: '', is_error: false },
});
const dormant: WireEvent = { event: 'session_state', data: { state: 'dormant' } };
const result: WireEvent = {
  event: 'result',
  data: {
    session_id: 's',
    subtype: 'success',
    is_error: false,
    total_cost_usd: 0,
    session_cost_usd: 0,
    duration_ms: 1,
    num_turns: 1,
    usage: {},
  },
};

/** Returns the log of these events, as readable lines. */
async function log(...wires: WireEvent[]): Promise<string[]> {
  const opened = openLog({ store: memoryEvents() });
  for (const wire of wires) await opened.append(wire);
  const { events } = await opened.read(0, 1000);
  return events.map((stored) => {
    const wire = wireEventOf(stored);
    if (wire.event !== 'message_complete') return wire.event;
    const { message_id, message, parent_tool_use_id: parent } = wire.data;
    const texts = (message.content as { text: string }[]).map(({ text }) => text).join('+');
    return `${parent === undefined ? '' : `${parent}: `}${message_id}=${texts}`;
  });
}

describe('the messages of a log that the agent does not complete', () => {
  it('end without blocks when their conversation has another message', async () => {
    expect(await log(delta('m1'), delta('m2'), complete('m2', ['two']), result)).toEqual([
      'message_delta',
      'm1=',
      'message_delta',
      'm2=two',
      'result',
    ]);
  });

  it('end with the blocks that were completed', async () => {
    const begun = [complete('m1', ['one']), delta('m1')];
    expect((await log(...begun, delta('m2'))).slice(2, 3)).toEqual(['m1=one']);
    expect((await log(...begun, complete('m2', ['two']))).slice(2)).toEqual(['m1=one', 'm2=two']);
    expect((await log(...begun, result)).slice(2)).toEqual(['m1=one', 'result']);
    expect((await log(...begun, dormant)).slice(2)).toEqual(['m1=one', 'session_state']);
    expect((await log(...begun, { event: 'done', data: {} })).slice(2)).toEqual(['m1=one', 'done']);
  });

  it('end when they have only streamed their thinking', async () => {
    expect(await log(thought('m1'), result)).toEqual(['thinking_delta', 'm1=', 'result']);
  });

  it('do not end while another conversation goes on', async () => {
    const events = [delta('m1'), delta('s1', 'toolu_a'), delta('m1'), delta('s2', 'toolu_b')];
    expect(await log(...events, result, delta('s1', 'toolu_a'), dormant)).toEqual([
      'message_delta',
      'message_delta',
      'message_delta',
      'message_delta',
      'm1=',
      'result',
      'message_delta',
      'toolu_b: s2=',
      'toolu_a: s1=',
      'session_state',
    ]);
  });

  it('end with the result of the sub-agent that began them', async () => {
    expect(await log(delta('s1', 'toolu_a'), toolResult('toolu_b'), toolResult('toolu_a'))).toEqual(
      ['message_delta', 'tool_result', 'toolu_a: s1=', 'tool_result'],
    );
  });

  it('end when more than 64 conversations stream', async () => {
    const sayings = Array.from({ length: 65 }, (_, n) => delta(`s${n}`, `toolu_${n}`));
    expect((await log(...sayings)).slice(-2)).toEqual(['toolu_0: s0=', 'message_delta']);
  });
});

describe('the messages of a log that the agent completes', () => {
  it('do not end a second time', async () => {
    const events = [delta('m1'), complete('m1', ['one']), delta('m1'), complete('m1', ['a', 'b'])];
    expect(await log(...events, delta('m2'), complete('m2', ['c']), result, dormant)).toEqual([
      'message_delta',
      'm1=one',
      'message_delta',
      'm1=a+b',
      'message_delta',
      'm2=c',
      'result',
      'session_state',
    ]);
  });
});
