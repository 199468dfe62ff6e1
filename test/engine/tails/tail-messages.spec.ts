import { afterEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Followers } from '../../../src/agent-webkit/engine/tails/followers.js';
import {
  readEvents,
  readFollow,
  readPosition,
} from '../../../src/agent-webkit/engine/tails/tail-messages.js';
import { createSessionEvent } from '../../../src/agent-webkit/engine/session-event.js';
import type { WireEvent } from '../../../src/agent-webkit/protocol/events.js';
import { SOME_TIME } from '../../support/event-time.js';
import { settle } from '../../support/session-bench.js';

const MAX_BYTES = 400;
const OFFSET = 1000;
const opened: Followers[] = [];

afterEach(() => {
  for (const followers of opened.splice(0)) followers.close();
});

function start(lastSeq: number | null = 0) {
  const sent: { address: string; text: string }[] = [];
  const none: string[] = [];
  const followers = new Followers({
    maxBytes: MAX_BYTES,
    send: (address, text) => void sent.push({ address, text }),
    lastSeqOf: () => Promise.resolve(lastSeq),
    onNone: (id) => void none.push(id),
  });
  opened.push(followers);
  return { followers, sent, none };
}

const appended = (seq: number, message: string) => {
  const wire: WireEvent = { event: 'error', data: { code: 'c', message } };
  return { event: createSessionEvent(seq, wire, SOME_TIME), wire };
};
const ids = { idOf: (seq: number) => seq + OFFSET };

describe('the servers that follow a session', () => {
  it('receive each event once and in order, in messages of a limited size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 600, unit: 'grapheme' }), { maxLength: 12 }),
        async (messages) => {
          const { followers, sent } = start();
          await followers.follow({ from: 'b', sessions: ['s'] });
          const events = messages.map((message, index) => appended(index + 1, message));
          followers.committed('s', events, ids);
          let seq = 0;
          for (const { address, text } of sent) {
            expect(address).toBe('b');
            expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_BYTES);
            const message = JSON.parse(text) as { t: string };
            const read = message.t === 'events' ? readEvents(message) : null;
            const position = message.t === 'position' ? readPosition(message) : null;
            if (read) {
              expect(read).toMatchObject({ session: 's', id: seq + 1 + OFFSET });
              const { length } = read.events;
              expect(read.events).toEqual(
                events.slice(seq, seq + length).map(({ event }) => event),
              );
              seq += length;
            } else {
              expect(position).toEqual({ session: 's', seq: seq + 1 });
              seq += 1;
            }
          }
          expect(seq).toBe(events.length);
        },
      ),
    );
  });

  it('receive nothing of a session that none of them follows', () => {
    const { followers, sent } = start();
    followers.committed('s', [appended(1, 'hi')], ids);
    expect(sent).toEqual([]);
  });

  it('learn at once how far the session has come, and nothing when it runs elsewhere', async () => {
    const here = start(7);
    await here.followers.follow({ from: 'b', sessions: ['s'] });
    expect(here.sent.map(({ text }) => JSON.parse(text))).toEqual([
      { t: 'position', session: 's', seq: 7 },
    ]);
    const elsewhere = start(null);
    await elsewhere.followers.follow({ from: 'b', sessions: ['s'] });
    expect(elsewhere.followers.has('s')).toBe(false);
  });

  it('are forgotten when they do not follow any more', async () => {
    const { followers, none } = start();
    await followers.follow({ from: 'b', sessions: ['s'] });
    let isNone = false;
    void followers.none('s').then(() => (isNone = true));
    await settle();
    expect(isNone).toBe(false);
    followers.unfollow({ from: 'c', sessions: ['s'] });
    expect(followers.has('s')).toBe(true);
    followers.unfollow({ from: 'b', sessions: ['s'] });
    await settle();
    expect({ isNone, none, has: followers.has('s') }).toEqual({
      isNone: true,
      none: ['s'],
      has: false,
    });
  });
});

describe('a message of another server', () => {
  it('is ignored when it is anything else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const message = Object(value) as object;
        expect([readFollow(message), readEvents(message), readPosition(message)]).toEqual([
          null,
          null,
          null,
        ]);
      }),
    );
  });

  it.each([
    ['a line break in the data', { events: [['error', '{"a":1}\nid: 9']] }],
    ['a line break in the name', { events: [['error\nid: 9', '{}']] }],
    ['a seq that is not positive', { seq: 0 }],
    ['a seq that is not an integer', { seq: 1.5 }],
    ['an id of a session that is too long', { session: 'x'.repeat(101) }],
  ])('is ignored with %s', (_, fields) => {
    const message = { session: 's', seq: 1, id: 1, events: [['error', '{}']] };
    expect(readEvents(message)).not.toBeNull();
    expect(readEvents({ ...message, ...fields })).toBeNull();
  });

  it('is ignored when it names too many sessions or no server', () => {
    expect(readFollow({ from: 'b', sessions: ['s'] })).not.toBeNull();
    expect(readFollow({ from: 'b c', sessions: ['s'] })).toBeNull();
    expect(readFollow({ from: 'b', sessions: Array.from({ length: 101 }, () => 's') })).toBeNull();
  });
});
