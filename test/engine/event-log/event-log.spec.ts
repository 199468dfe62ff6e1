import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { EventLog } from '../../../src/agent-webkit/engine/event-log/event-log.js';
import { SOME_TIME, storedEvent, wireEventOf } from '../../support/event-time.js';
import type { WireEvent } from '../../../src/agent-webkit/protocol/events.js';
import { HeldEventStore } from '../../support/held-storage.js';
import { saying, Speaker } from '../../support/log-model.js';
import { logOptions, openLog } from '../../support/open-log.js';
import { settle } from '../../support/session-bench.js';
import { memoryEvents } from '../../support/memory-events.js';

const delta = (text = ''): WireEvent => ({
  event: 'message_delta',
  data: { message_id: 'm', delta: { type: 'text', text } },
});
const nothing = () => undefined;
const ids = (events: readonly ({ id: number } | { seq: number })[]) =>
  events.map((event) => ('id' in event ? event.id : event.seq));
/** Returns the complete visible state of a log. */
const account = async (log: EventLog) => ({
  firstSeq: log.firstSeq,
  lastSeq: log.lastSeq,
  open: log.state.openEvents(),
  queue: log.state.queue,
  requests: [...log.state.requests.values()],
  turn: log.state.turn,
  hasConversation: log.state.hasConversation,
  costUsd: log.state.costUsd,
  closed: log.state.closed,
  page: await log.read(0, 10_000),
});

const payloadOf = (wire: WireEvent) => {
  const { name, data } = storedEvent(1, wire);
  return { name, data };
};

const timesOf = (events: readonly { data: string }[]) =>
  events.map(({ data }) => (JSON.parse(data) as { time: string }).time);

describe('an event log', () => {
  it('gives each event the time of its append, which stays the same in the storage and after a restart', async () => {
    const store = memoryEvents();
    let time = Date.parse(SOME_TIME);
    const log = openLog({ store, now: () => time });
    void log.append(delta('a'), delta('b'));
    time += 1000;
    void log.append(delta('c'));
    const later = '2026-11-26T16:07:15.938Z';
    const { events } = await log.read(0, 10);
    expect(timesOf(events)).toEqual([SOME_TIME, SOME_TIME, later]);
    time += 1000;
    const reopened = await EventLog.open(logOptions({ store, now: () => time }));
    expect(await reopened.read(0, 10)).toMatchObject({ events });
    expect(await store.read('s', 0, 10)).toEqual(
      events.map(({ id, ...event }) => ({ seq: id, ...event })),
    );
  });

  it('commits within append when its storage answers synchronously', async () => {
    const log = openLog();
    expect(log.append(delta('a'), delta('b'))).toBeUndefined();
    expect(await log.read(0, 10)).toEqual({
      events: [
        { id: 1, ...payloadOf(delta('a')) },
        { id: 2, ...payloadOf(delta('b')) },
      ],
      lastId: 2,
      hasMore: false,
    });
  });

  it('applies an event to its state at once and publishes it when it is committed', async () => {
    const store = new HeldEventStore();
    const log = openLog({ store });
    const appended = log.append({ event: 'user_message', data: { message_id: 'm', content: '' } });
    expect(log.state.queue).toHaveLength(1);
    expect(log.lastSeq).toBe(0);
    expect(() => log.subscribe(1, nothing, nothing)).toThrow('does not exist yet');
    store.commit();
    await appended;
    expect(ids((await log.read(0, 10)).events)).toEqual([1]);
  });

  it('commits events together that were appended during another commit', async () => {
    const store = new HeldEventStore();
    const log = openLog({ store });
    const committed: number[] = [];
    for (const n of [1, 2, 3, 4]) void log.append(delta())?.then(() => committed.push(n));
    void log.append(delta(), delta())?.then(() => committed.push(5));
    expect(store.appends.map(ids)).toEqual([[1]]);
    store.commit();
    await settle();
    expect(committed).toEqual([1]);
    expect(store.appends.map(ids)).toEqual([[1], [2, 3, 4, 5, 6]]);
    store.commit();
    await settle();
    expect(committed).toEqual([1, 2, 3, 4, 5]);
    expect(log.append(delta())).toBeInstanceOf(Promise);
    expect(store.appends.map(ids)).toEqual([[1], [2, 3, 4, 5, 6], [7]]);
    store.commit();
    await settle();
  });

  it.each([
    ['a cursor that is evicted', 3, 'The event after 3 is no longer retained; the oldest is 9.'],
    [
      'a cursor that is just evicted',
      7,
      'The event after 7 is no longer retained; the oldest is 9.',
    ],
    ['a cursor ahead', 11, 'Event 11 does not exist yet; the last is 10.'],
  ])('rejects %s with an error message', async (_, after, sentence) => {
    const log = openLog({ maxEvents: 2 });
    for (let n = 0; n < 10; n += 1) void log.append(delta());
    expect(() => log.subscribe(after, nothing, nothing)).toThrow(sentence);
    await expect(log.read(after, 5)).rejects.toThrow(sentence);
    expect(log.subscribers).toBe(0);
    expect(ids((await log.read(8, 5)).events)).toEqual([9, 10]);
    expect(ids((await log.read(10, 5)).events)).toEqual([]);
  });

  it('trims the storage to the window now and then, except for open events', async () => {
    const store = memoryEvents();
    const log = openLog({ store, maxEvents: 10 });
    void log.append({ event: 'user_message', data: { message_id: 'm', content: '' } });
    for (let n = 0; n < 250; n += 1) void log.append(delta());
    const kept = await store.read('s', 0, 1000);
    expect(kept[0]).toMatchObject({ seq: 1, name: 'user_message' });
    expect(kept.length).toBeLessThan(150);
    expect(ids(kept).slice(-10)).toEqual(ids((await log.read(log.firstSeq - 1, 10)).events));
  });

  it.each([
    ['throws', () => { throw new Error('Busy.'); }], // prettier-ignore
    ['rejects', () => Promise.reject(new Error('Busy.'))],
  ])('continues when a trim %s', async (_, trim) => {
    for (const inner of [memoryEvents(), new HeldEventStore()]) {
      if (inner instanceof HeldEventStore) inner.isHeld = false;
      inner.trim = trim;
      const log = openLog({ store: inner, maxEvents: 1 });
      for (let n = 0; n < 250; n += 1) void log.append(delta());
      // oxlint-disable-next-line no-await-in-loop -- one store after the other
      await log.append(delta());
      expect(log.lastSeq).toBe(251);
    }
  });

  it('opens in the state that it had when its server was killed, after any appends, trims and commits', async () => {
    const window = fc.record({
      maxEvents: fc.integer({ min: 1, max: 40 }),
      maxLogChars: fc.constantFrom(300, 1_000_000),
    });
    const batch = fc.array(saying, { minLength: 1, maxLength: 3 });
    const step = fc.oneof(
      { weight: 4, arbitrary: batch },
      { weight: 3, arbitrary: fc.constant('commit' as const) },
    );
    const script = fc.array(step, { minLength: 100, maxLength: 300, size: 'max' });
    let trims = 0;
    await fc.assert(
      fc.asyncProperty(
        window,
        script,
        fc.constantFrom(0, 1, 2),
        async (limits, steps, lastTrim) => {
          const held = new HeldEventStore();
          // The worst moment is right after a trim, while later events are being committed.
          const isAsync = lastTrim > 0;
          const store = isAsync ? held : memoryEvents();
          const log = openLog({ ...limits, store });
          const speaker = new Speaker();
          const said: WireEvent[] = [];
          for (const next of steps) {
            if (next === 'commit') {
              held.commit();
              // oxlint-disable-next-line no-await-in-loop -- steps come one after the other
              if (isAsync) await settle(1);
              if (isAsync && held.trims === lastTrim) break;
              continue;
            }
            const wires = next.map((one) => speaker.say(one));
            said.push(...wires);
            void log.append(...wires);
          }
          const { lastSeq } = log;
          trims += held.trims;
          const reopened = await EventLog.open(logOptions({ ...limits, store }));
          // Events that were not committed are not visible.
          const reference = openLog(limits);
          for (const wire of said.slice(0, lastSeq)) void reference.append(wire);
          expect(await account(reopened)).toEqual(await account(reference));
          if (!isAsync) expect(await account(reopened)).toEqual(await account(log));
          void reopened.append(delta());
          if (!isAsync) expect(reopened.lastSeq).toBe(lastSeq + 1);
          const next = (await reopened.read(lastSeq, 1)).events[0];
          if (next) expect(next.id).toBeGreaterThan(lastSeq);
          held.release();
          await settle(2);
        },
      ),
      { numRuns: 100, interruptAfterTimeLimit: 15_000 },
    );
    expect(trims).toBeGreaterThan(0);
  });

  it('shows a new subscriber the open events that are committed, also from before the window', async () => {
    const store = new HeldEventStore();
    const log = openLog({ store, maxEvents: 1 });
    const data = { correlation_id: 'c', tool_name: 'Bash', input: {}, context: {} };
    void log.append({ event: 'permission_request', data }, delta());
    store.commit();
    await settle(1);
    const resolved = { correlation_id: 'c', kind: 'permission', outcome: 'allowed' } as const;
    void log.append({ event: 'request_resolved', data: resolved });
    expect(ids((await log.read(0, 10)).events)).toEqual([1, 2]);
    const subscription = log.subscribe(0, nothing, nothing);
    expect(subscription.read(1)).toMatchObject({ events: [{ id: 1 }] });
    store.commit();
    await settle(1);
    expect(ids((await log.read(0, 10)).events)).toEqual([3]);
  });

  it('opens from a storage with more than one page of events', async () => {
    const store = memoryEvents();
    const log = openLog({ store, maxEvents: 5000 });
    for (let n = 0; n < 2500; n += 1) void log.append(delta(String(n)));
    const reopened = await EventLog.open(logOptions({ store, maxEvents: 5000 }));
    expect(await account(reopened)).toEqual(await account(log));
    expect((await reopened.read(2499, 1)).events.map(wireEventOf)).toEqual([delta('2499')]);
  });
});
