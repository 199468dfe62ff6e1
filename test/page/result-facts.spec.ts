import { describe, expect, it } from '@jest/globals';
import { conversationOf, complete, ready, result, said, started, text } from './page-events.js';
import { addEvents } from '../../page/src/session/add-events.js';
import type { Item } from '../../page/src/session/conversation.js';
import { formatTokens } from '../../page/src/ui/format.js';
import { countTokens, modelsOf } from '../../page/src/ui/result-facts.js';
import { separate } from '../../page/src/ui/threads.js';
import { stateOf } from '../../page/src/ui/tools/tool-state.js';
import type { ModelUsage, WireEvent } from '../../src/agent-webkit/protocol/events.js';
import { called, numbered, toolResult } from './page-events.js';

type Result = Extract<Item, { kind: 'result' }>;

const usage = (input: number, output: number): ModelUsage => ({
  input_tokens: input,
  output_tokens: output,
  cache_read_input_tokens: 100,
  cache_creation_input_tokens: 10,
  cost_usd: 0,
});

function ended(model_usage?: Record<string, ModelUsage>): Result {
  const end = result();
  const data = { ...end.data, usage: { input_tokens: 3, output_tokens: 4 } };
  const event = { ...end, data: { ...data, ...(model_usage && { model_usage }) } } as WireEvent;
  const events = [ready, said('a'), started('a'), complete('m', [text('so')]), event];
  return conversationOf(...events).items.at(-1) as Result;
}

describe('the facts about a turn', () => {
  it('name the model of the agent first, and count the tokens of all models', () => {
    const both = ended({ helper: usage(1, 2), m: usage(5, 6) });
    expect(modelsOf(both)).toEqual(['m', 'helper']);
    expect(countTokens(both)).toEqual({ input: 226, output: 8 });
    const many = ended({ a: usage(0, 0), b: usage(0, 0), m: usage(0, 0), c: usage(0, 0) });
    expect(modelsOf(many)).toEqual(['m', 'a', 'and 2 more']);
  });

  it('are those of the last message and of the whole turn where a server tells no models', () => {
    expect(modelsOf(ended())).toEqual(['m']);
    expect(countTokens(ended())).toEqual({ input: 3, output: 4 });
  });

  it.each([
    [0, '0'],
    [842, '842'],
    [1000, '1k'],
    [12_345, '12.3k'],
    [999_960, '1M'],
    [1_234_567, '1.2M'],
  ])('write %d tokens as %s', (count, words) => {
    expect(formatTokens(count)).toBe(words);
  });
});

const states = (...events: WireEvent[]) =>
  conversationOf(...events).items.flatMap((item) =>
    item.kind === 'agent'
      ? item.blocks.flatMap((block) => (block.kind === 'tool' ? [stateOf(block)] : []))
      : [],
  );

describe('the state of a tool call', () => {
  it('is stopped, and neither failed nor running, after an interrupt', () => {
    const rejected = "The user doesn't want to proceed with this tool use.";
    expect(
      states(
        said('a'),
        started('a'),
        called('m', 't'),
        called('m', 'u'),
        called('m', 'v'),
        toolResult('t', rejected, true),
        toolResult('v', 'no such file', true),
        result(0.1, 'error_during_execution'),
      ),
    ).toEqual(['stopped', 'stopped', 'failed']);
  });
});

describe('the messages of a sub-agent', () => {
  it('are separate from the conversation if the call that started it is known', () => {
    const view = conversationOf(
      called('m', 't'),
      complete('s', [text('in t')], 't'),
      complete('x', [text('of an unknown call')], 'gone'),
    );
    const { top, threads } = separate(view.items);
    expect(top.map(({ key }) => key)).toEqual(['m', 'x']);
    expect(threads.byCall.get('t')?.map(({ key }) => key)).toEqual(['s']);
    const more = addEvents(view, numbered([complete('s', [text('more')], 't')], 4));
    expect(separate(more.items).threads.byCall.get('t')).toHaveLength(1);
  });
});
