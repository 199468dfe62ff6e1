import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventLog } from '../../src/agent-webkit/engine/event-log/event-log.js';
import { IdempotencyKeys } from '../../src/agent-webkit/engine/idempotency-keys.js';
import { Admission } from '../../src/agent-webkit/engine/registry/admission.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';
import { memoryEvents } from '../support/memory-events.js';
import { logOptions, openLog } from '../support/open-log.js';
import { ADA, createRegistry } from '../support/registry-bench.js';
import { backgroundTasks, init, result, taskStarted } from '../support/sdk-messages.js';
import { newRecord, SessionBench, settle, stopTime } from '../support/session-bench.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const JUMPS = [
  ['two hours back', -2 * HOUR],
  ['two hours forward', 2 * HOUR],
  ['years back', -5 * 365 * DAY],
  ['years forward', 12 * 365 * DAY],
] as const;

const quiet = () => undefined;

/** Sets the system clock, as an operator or NTP does. No time passes. */
const jump = (ms: number) => jest.setSystemTime(Date.now() + ms);

describe.each(JUMPS)('when the system clock jumps %s', (_, ms) => {
  beforeEach(stopTime);
  afterEach(() => {
    jest.useRealTimers();
  });

  it('the rate of creations is limited as before, and Retry-After is at most a minute', async () => {
    const limits = { maxSessionsPerOwner: 100, maxCreationsPerMinute: 1 };
    const deletions = { discard: () => Promise.resolve() };
    const admission = new Admission(new MemoryStorage(), deletions, limits);
    const create = async () => {
      await admission.countCreation('ada');
      await admission.admit({ ...newRecord(), owner: 'ada' }, null, { isOver: false });
    };
    await create();
    jump(ms);
    await expect(create()).rejects.toMatchObject({ retryAfterSeconds: 60 });
    jest.advanceTimersByTime(MINUTE - 1);
    await expect(create()).rejects.toMatchObject({ retryAfterSeconds: 1 });
    jest.advanceTimersByTime(1);
    await create();
  });

  it('an idempotency key is valid for its lifetime', async () => {
    let accepted = 0;
    const accept = async () => (accepted += 1);
    const keys = new IdempotencyKeys<number>(10, HOUR);
    await keys.once('a', accept);
    jump(ms);
    expect(await keys.once('a', accept)).toBe(1);
    jest.advanceTimersByTime(HOUR);
    expect(await keys.once('a', accept)).toBe(2);
  });

  it('the key of a message in memory is valid for a day', async () => {
    const { events, records } = new MemoryStorage();
    const record = newRecord();
    await records.create(record, null);
    const append = { events: [], isUnfinished: false, summary: { firstSeq: 1, costUsd: 0 } };
    void events.append({ ...append, sessionId: record.id, epoch: record.epoch, keys: ['k'] });
    jump(ms);
    expect(await events.hasKey(record.id, 'k')).toBe(true);
    jest.advanceTimersByTime(DAY - 1);
    void events.trim(record.id, 1, []);
    expect(await events.hasKey(record.id, 'k')).toBe(true);
    jest.advanceTimersByTime(1);
    expect(await events.hasKey(record.id, 'k')).toBe(false);
  });

  it('the events in memory are kept for their time', async () => {
    const log = openLog({ maxEventAgeMs: HOUR });
    const event = { event: 'error', data: { code: 'c', message: 'm' } } as const;
    void log.append(event, event);
    jump(ms);
    expect((await log.read(0, 10)).events).toHaveLength(2);
    jest.advanceTimersByTime(HOUR + 1);
    expect((await log.read(0, 10)).events).toHaveLength(1);
  });

  it('a background task runs for its time', async () => {
    const bench = await SessionBench.start({ limits: { backgroundTaskTimeoutMs: HOUR } });
    await bench.say('hi');
    await bench.said('turn_start');
    bench.agent.say(init(), backgroundTasks('t1'), taskStarted('t1'), result());
    await settle();
    jump(ms);
    jest.advanceTimersByTime(HOUR - 1);
    await settle();
    expect(bench.agent.calls).toEqual([]);
    jest.advanceTimersByTime(1);
    await settle();
    expect(bench.agent.calls).toEqual(['stopTask t1']);
    await bench.close();
  });

  it('no session is removed before its time', async () => {
    const warnings: string[] = [];
    const { registry } = createRegistry(new MemoryStorage(), {
      retentionMs: 6 * HOUR,
      logger: { log: quiet, error: quiet, warn: (line) => void warnings.push(line) },
    });
    const exists = () =>
      registry.get(id, ADA).then(
        () => true,
        () => false,
      );
    await registry.lifecycle.start();
    const { id } = await registry.create({}, ADA);
    jump(ms);
    await jest.advanceTimersByTimeAsync(2.5 * HOUR);
    await settle();
    expect(await exists()).toBe(true);
    expect(warnings.length).toBe(ms > 0 ? 1 : 0);
    await registry.lifecycle.shutdown();
  });
});

describe('a log that is opened after the system clock was set back', () => {
  beforeEach(stopTime);
  afterEach(() => {
    jest.useRealTimers();
  });

  it('keeps its events for no longer than a new one', async () => {
    const store = memoryEvents();
    const options = { maxEventAgeMs: HOUR, store };
    const event = { event: 'error', data: { code: 'c', message: 'm' } } as const;
    void openLog(options).append(event, event);
    const lastActivityAt = Date.now();
    jump(-DAY);
    const log = await EventLog.open(logOptions({ ...options, lastActivityAt }));
    expect(log.firstSeq).toBe(1);
    jest.advanceTimersByTime(HOUR + 1);
    expect((await log.read(0, 10)).events).toHaveLength(1);
  });
});
