import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { SDKMessage } from '../../../src/agent-webkit/engine/agent-client.js';
import { MessageTranslator } from '../../../src/agent-webkit/engine/agent/translation/message-translator.js';
import { EventLog } from '../../../src/agent-webkit/engine/event-log/event-log.js';
import type { StreamEvent } from '../../../src/agent-webkit/protocol/sse-frames.js';
import type { WireEvent } from '../../../src/agent-webkit/protocol/events.js';
import { wireEventOf } from '../../support/event-time.js';
import { memoryEvents } from '../../support/memory-events.js';
import { logOptions } from '../../support/open-log.js';
import * as sdk from '../../support/sdk-messages.js';

const parent = fc.constantFrom(null, 'toolu_a', 'toolu_b');
const id = fc.constantFrom('msg_1', 'msg_2', 'msg_3');
const streamed = fc.oneof(
  id.map((one) => ({ type: 'message_start', message: { id: one } })),
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
    ),
  }),
  fc.constant({ type: 'message_stop' }),
);
const message: fc.Arbitrary<SDKMessage> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(streamed, parent).map(([one, from]) => sdk.stream(one, from)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(id, parent, fc.constantFrom(1, 200_000))
      .map(([one, from, size]) =>
        sdk.assistant([sdk.text('x'.repeat(size))], { id: one, parent: from }),
      ),
  },
  fc.constantFrom('toolu_a', 'toolu_b').map((one) => sdk.toolResult(one, '')),
  fc.constant(sdk.result()),
);
/** A message of the agent, the kill of the agent, or the kill of the server. */
const step = fc.oneof(
  { weight: 20, arbitrary: message },
  fc.constantFrom('agent killed' as const, 'server killed' as const),
);
const dormant: WireEvent = { event: 'session_state', data: { state: 'dormant' } };

/** Reads every page: the size of one is limited. */
async function readAll(log: EventLog): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const page = await log.read(events.at(-1)?.id ?? 0, Number.POSITIVE_INFINITY);
    events.push(...page.events);
    if (!page.hasMore) return events;
  }
}

describe('the log of a session', () => {
  it('has a later message_complete for each delta, whatever the agent sends and whatever is killed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const store = memoryEvents();
        let log = await EventLog.open(logOptions({ store, maxLogChars: 1e9 }));
        let translator = new MessageTranslator('s', 0);
        for (const next of [...steps, 'server killed' as const]) {
          if (typeof next === 'object') {
            await log.append(...translator.translate(next));
            continue;
          }
          translator = new MessageTranslator('s', 0);
          if (next === 'server killed') {
            log = await EventLog.open(logOptions({ store, maxLogChars: 1e9 }));
          }
          await log.append(dormant);
        }

        const open = new Set<string>();
        const events = await readAll(log);
        const ids = events.map((event) => event.id);
        expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        const stored = await store.read('s', 0, 10_000);
        expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1));
        for (const wire of events.map(wireEventOf)) {
          if (wire.event === 'message_delta' || wire.event === 'thinking_delta') {
            open.add(wire.data.message_id);
          } else if (wire.event === 'message_complete') open.delete(wire.data.message_id);
        }
        expect([...open]).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
