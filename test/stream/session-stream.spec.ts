import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { Logger } from '@nestjs/common';
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { EventLog } from '../../src/agent-webkit/engine/event-log/event-log.js';
import type { Session } from '../../src/agent-webkit/engine/session/session.js';
import type { WireEvent } from '../../src/agent-webkit/protocol/events.js';
import { OpenStreams } from '../../src/agent-webkit/stream/open-streams.js';
import type { RawResponse } from '../../src/agent-webkit/stream/response-writer.js';
import { keepAliveComments, streamSession } from '../../src/agent-webkit/stream/session-stream.js';
import { openLog } from '../support/open-log.js';
import { settle } from '../support/session-bench.js';

const error: WireEvent = { event: 'error', data: { code: 'c', message: 'm' } };

/** A response whose `write` was replaced. */
function responseWith(write: () => boolean) {
  const parts = { headersSent: true, destroyed: false, destroy: jest.fn(), write };
  return Object.assign(new EventEmitter(), parts);
}

function stream(log: EventLog, response: EventEmitter, after = 0): void {
  const session = {
    subscribeChecked: (cursor: number, onReadable: () => void) =>
      log.subscribeChecked(cursor, onReadable, () => undefined),
  } as unknown as Session;
  const keepAlive = keepAliveComments(1000);
  const options = { keepAlive, verifyIntervalMs: 1000, maxWaitingBytes: 1000 };
  const subscriptions = {
    subscribe: (_: unknown, cursor: number, onReadable: () => void) =>
      session.subscribeChecked(cursor, onReadable),
  };
  const streamed = {
    session,
    subscriptions,
    after,
    isGuest: false,
    refuse: (cause: unknown) => cause,
  };
  const raw = response as unknown as RawResponse;
  streamSession(streamed, raw, options, () => Promise.resolve(true)).subscribe();
}

const again = (log: EventLog) => void log.append(error);

const drained = (log: EventLog, response: EventEmitter) => {
  void log.append(error);
  response.emit('drain');
};

const later = () => {
  jest.advanceTimersByTime(1000);
};

beforeAll(() => Logger.overrideLogger(false));

describe('a stream', () => {
  it('cuts the connection when its next event was evicted after its cursor was checked', () => {
    const log = openLog({ maxEvents: 2 });
    for (let n = 0; n < 4; n += 1) void log.append(error);
    const response = responseWith(() => true);
    stream(log, response, 1);
    expect(response.destroy).toHaveBeenCalledTimes(1);
    expect(log.subscribers).toBe(0);
  });
});

describe('a stream whose response was changed by middleware of the host', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([
    ['at the first event', [], () => undefined],
    ['at a later event', [true], again],
    ['after a drain', [false], drained],
    ['at a keep-alive comment', [true], later],
  ])(
    'is closed when `write` throws %s, and leaves no timer and no subscription',
    (_, before, act) => {
      jest.useFakeTimers();
      const write = jest.fn<() => boolean>(() => {
        throw new Error('not now');
      });
      for (const hasRoom of before) write.mockReturnValueOnce(hasRoom);
      const response = responseWith(write);
      const log = openLog();
      void log.append(error);
      stream(log, response);
      act(log, response);
      jest.advanceTimersByTime(0);
      expect(response.destroy).toHaveBeenCalledTimes(1);
      expect([log.subscribers, jest.getTimerCount()]).toEqual([0, 0]);
    },
  );

  it('adds one drain listener to a response that forwards the event elsewhere', async () => {
    const elsewhere = new EventEmitter();
    const response = responseWith(() => false);
    const on = response.on.bind(response);
    response.on = (event, listener) =>
      event === 'drain' ? elsewhere.on(event, listener) && response : on(event, listener);
    const log = openLog();
    stream(log, response);
    for (let drains = 0; drains < 3; drains += 1) {
      void log.append(error);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await settle();
      elsewhere.emit('drain');
    }
    expect(elsewhere.listenerCount('drain')).toBe(1);
    response.emit('close');
    expect(log.subscribers).toBe(0);
  });
});

describe('open streams', () => {
  it('are closed when the server stops, and a response whose client left before it began is ignored', async () => {
    const streams = new OpenStreams();
    const [open, gone] = [new PassThrough(), new PassThrough()];
    gone.destroy();
    await once(gone, 'close');
    const destroy = jest.spyOn(gone, 'destroy');
    streams.add(open);
    streams.add(gone);
    await streams.beforeApplicationShutdown();
    expect(open.destroyed).toBe(true);
    expect(destroy).not.toHaveBeenCalled();
  });
});
