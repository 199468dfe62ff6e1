import { describe, expect, it } from '@jest/globals';
import type { SseEvent } from '../support/sse-client.js';
import { findViolations, type History } from './verify.js';

const LOG: readonly [string, Record<string, unknown>][] = [
  ['session_ready', {}],
  ['user_message', { message_id: 'a', content: 'first' }],
  ['turn_start', { message_id: 'a' }],
  ['user_message', { message_id: 'b', content: 'second' }],
  ['message_delta', { delta: 'text' }],
  ['permission_request', { correlation_id: 'p' }],
  ['request_resolved', { correlation_id: 'p', outcome: 'allowed' }],
  ['result', { subtype: 'success' }],
  ['turn_start', { message_id: 'b' }],
  ['error', { code: 'turn_interrupted' }],
  ['result', { subtype: 'error_during_execution' }],
  ['session_state', { state: 'dormant' }],
];

/** A correct log, with consecutive ids. */
function history(log = LOG, known: Partial<History> = {}): History {
  const sent = [
    { messageId: 'a', content: 'first', isAccepted: true },
    { messageId: 'b', content: 'second', isAccepted: true },
  ];
  const stored = log.map(([event, data], index) => ({ id: index + 1, event, data }));
  return { stored, seen: [], sent: [sent], replied: ['p'], isFinished: true, ...known };
}

/** The same log without the events at these positions. */
function without(...places: number[]): typeof LOG {
  return LOG.filter((_, index) => !places.includes(index + 1));
}

/** The same log with an event inserted at this position. */
function withAt(place: number, event: string, data: Record<string, unknown>): typeof LOG {
  return LOG.toSpliced(place - 1, 0, [event, data]);
}

const { stored } = history();
const at = (place: number): SseEvent => stored[place - 1] as SseEvent;

describe('the violations in a history', () => {
  it('are empty when all guarantees are kept', () => {
    expect(findViolations(history())).toEqual([]);
    expect(findViolations(history(LOG, { seen: [stored, stored.slice(0, 4)] }))).toEqual([]);
  });

  it('are empty when a new generation skips ids', () => {
    const skipped = stored.map((event) =>
      event.id > 5 ? { ...event, id: event.id + 1_000_000 } : event,
    );
    const known = { stored: skipped, seen: [skipped, skipped.slice(0, 6)] };
    expect(findViolations(history(LOG, known))).toEqual([]);
    const seen = [skipped.toSpliced(5, 1)];
    expect(findViolations(history(LOG, { stored: skipped, seen }))).toEqual([
      'Reader 1 received 1000007 after 5.',
    ]);
  });

  it('are empty while a session is still active', () => {
    for (let length = 1; length <= LOG.length; length += 1) {
      const known = {
        isFinished: false,
        replied: [],
        sent: history().sent.map((all) => all.map((one) => ({ ...one, isAccepted: false }))),
      };
      // The events of a turn's end are committed together, so no log ends between them.
      if (length === 10) continue;
      expect(findViolations(history(LOG.slice(0, length), known))).toEqual([]);
    }
  });

  const violated: [string, History, string[]][] = [
    [
      'an id that is missing',
      history(LOG, { stored: stored.toSpliced(4, 1) }),
      ['The log has event 6 instead of 5.'],
    ],
    [
      'an id that occurs twice',
      history(LOG, { stored: stored.toSpliced(4, 0, at(4)) }),
      [
        'The log has event 4 instead of 5.',
        'Message b occurs again at 4.',
        'Turns were started for a b, and not for a b b.',
      ],
    ],
    [
      'a log without a beginning',
      history(LOG, { stored: [], sent: [], replied: [] }),
      ['The log starts with nothing.'],
    ],
    [
      'a received event with different data',
      history(LOG, { seen: [stored.with(4, { ...at(5), data: { delta: 'other' } })] }),
      [
        'Reader 1 received {"id":5,"event":"message_delta","data":{"delta":"other"}}, but the log has {"id":5,"event":"message_delta","data":{"delta":"text"}}.',
      ],
    ],
    [
      'a received event that is not in the log',
      history(LOG, { seen: [stored, [...stored, { id: 13, event: 'error', data: {} }]] }),
      ['Reader 2 received {"id":13,"event":"error","data":{}}, but the log has nothing.'],
    ],
    [
      'an event that a reader did not receive',
      history(LOG, { seen: [stored.toSpliced(4, 1)] }),
      ['Reader 1 received 6 after 4.'],
    ],
    [
      'an event that a reader received twice',
      history(LOG, { seen: [stored.toSpliced(4, 0, at(4))] }),
      ['Reader 1 received 4 after 4.'],
    ],
    [
      'an accepted message that is not in the log',
      history(without(4, 9, 10, 11)),
      ['Message b was accepted and is not in the log.'],
    ],
    [
      'a message that was accepted twice',
      history(withAt(5, 'user_message', { message_id: 'b', content: 'second' })),
      ['Message b occurs again at 5.', 'Turns were started for a b, and not for a b b.'],
    ],
    [
      'a message that was never sent, or was sent differently',
      history(LOG.with(1, ['user_message', { message_id: 'a', content: 'other' }])),
      ['Message a at 2 differs from the sent one.'],
    ],
    [
      'messages in a different order than sent',
      history(LOG, { sent: [history().sent.flat().toReversed()] }),
      ['Message a is at 2, too early.'],
    ],
    [
      'a message whose turn never started',
      history(without(9, 10, 11)),
      ['Turns were started for a, and not for a b.'],
    ],
    [
      'a message whose turn started twice',
      history(LOG.toSpliced(11, 0, ['turn_start', { message_id: 'b' }], ['result', {}])),
      ['Turns were started for a b b, and not for a b.'],
    ],
    [
      'turns that started in a different order',
      history(
        LOG.with(2, ['turn_start', { message_id: 'b' }]).with(8, [
          'turn_start',
          { message_id: 'a' },
        ]),
      ),
      ['Turns were started for b a, and not for a b.'],
    ],
    [
      'a turn without an end before the next one',
      history(without(8)),
      ['A turn starts at 8 while that of 3 runs.'],
    ],
    ['a turn without an end', history(without(10, 11)), ['The turn of 9 has no end.']],
    [
      'a result outside of a turn',
      history(withAt(9, 'result', {})),
      ['The result at 9 ends no turn.'],
    ],
    [
      'an agent event outside of a turn',
      history(withAt(12, 'message_delta', {})),
      ['The message_delta at 12 is in no turn.'],
    ],
    [
      'an interruption that is not the end of its turn',
      history(withAt(11, 'message_delta', {})),
      ['The turn_interrupted at 10 ends no turn.'],
    ],
    [
      'an interruption outside of a turn',
      history(withAt(9, 'error', { code: 'turn_interrupted' })),
      ['The turn_interrupted at 9 ends no turn.'],
    ],
    [
      'a request without an end',
      history(without(7), { replied: [] }),
      ['Request p is open when its turn ends.'],
    ],
    [
      'a request that was resolved twice',
      history(withAt(8, 'request_resolved', { correlation_id: 'p', outcome: 'allowed' })),
      ['Request p is resolved at 8 and was not open.'],
    ],
    [
      'a reply that was accepted and lost',
      history(LOG.with(6, ['request_resolved', { correlation_id: 'p', outcome: 'cancelled' }])),
      ['The reply to p was accepted, but it is cancelled.'],
    ],
  ];
  it.each(violated)('include %s', (_, wrong, violations) => {
    expect(findViolations(wrong)).toEqual(violations);
  });
});
