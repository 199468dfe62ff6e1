import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventLog } from '../../../src/agent-webkit/engine/event-log/event-log.js';
import type { WireEvent } from '../../../src/agent-webkit/protocol/events.js';
import { memoryEvents } from '../../support/memory-events.js';
import { logOptions, openLog } from '../../support/open-log.js';
import { stopTime } from '../../support/session-bench.js';

const HOUR_MS = 60 * 60 * 1000;
const OPTIONS = { maxEventAgeMs: 24 * HOUR_MS };
const delta: WireEvent = { event: 'error', data: { code: 'c', message: 'm' } };
const question: WireEvent = { event: 'user_message', data: { message_id: 'm', content: '' } };
const nothing = () => undefined;
const ids = (events: readonly ({ id: number } | { seq: number })[]) =>
  events.map((event) => ('id' in event ? event.id : event.seq));

describe('an expired event', () => {
  beforeEach(stopTime);
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is removed from memory and from the storage unless it is open', async () => {
    const store = memoryEvents();
    const log = openLog({ ...OPTIONS, store });
    void log.append(question, delta, delta);
    jest.advanceTimersByTime(23 * HOUR_MS);
    void log.append(delta);
    expect(ids((await log.read(0, 100)).events)).toEqual([1, 2, 3, 4]);
    jest.advanceTimersByTime(2 * HOUR_MS);
    expect(ids((await log.read(0, 100)).events)).toEqual([1, 4]);
    expect(() => log.subscribe(1, nothing, nothing)).toThrow(
      'The event after 1 is no longer retained',
    );
    void log.append(delta);
    expect(ids(await store.read('s', 0, 100))).toEqual([1, 4, 5]);
  });

  it('stays when it is the newest, so that a cursor at the end never expires', async () => {
    const log = openLog(OPTIONS);
    void log.append(delta, delta);
    jest.advanceTimersByTime(1000 * HOUR_MS);
    expect(ids((await log.read(0, 100)).events)).toEqual([2]);
    expect(() => log.subscribe(2, nothing, nothing)).not.toThrow();
  });

  it('counts its age from the last activity of the session after a restart', async () => {
    const store = memoryEvents();
    const log = openLog({ ...OPTIONS, store });
    void log.append(delta, delta, delta);
    const lastActivityAt = Date.now();
    const reopen = () => EventLog.open(logOptions({ ...OPTIONS, store, lastActivityAt }));
    jest.advanceTimersByTime(23 * HOUR_MS);
    expect((await reopen()).firstSeq).toBe(1);
    jest.advanceTimersByTime(2 * HOUR_MS);
    expect((await reopen()).firstSeq).toBe(3);
  });

  it('stays in the storage while it is open, also after the log was opened again', async () => {
    const store = memoryEvents();
    const options = { ...OPTIONS, store, maxEvents: 4 };
    const log = openLog(options);
    const messages = ['a', 'b', 'c'];
    for (const message_id of messages) {
      void log.append({ event: 'user_message', data: { message_id, content: '' } });
    }
    jest.advanceTimersByTime(25 * HOUR_MS);
    void log.append(delta);
    const reopen = () => EventLog.open(logOptions({ ...options, lastActivityAt: Date.now() }));
    const second = await reopen();
    jest.advanceTimersByTime(3 * HOUR_MS);
    void second.append(delta);
    const { queue } = (await reopen()).state;
    expect(queue.map(({ messageId }) => messageId)).toEqual(messages);
  });

  it('is kept when there is no age limit', async () => {
    const log = openLog();
    void log.append(delta, delta);
    jest.advanceTimersByTime(1000 * HOUR_MS);
    expect(ids((await log.read(0, 100)).events)).toEqual([1, 2]);
  });
});
