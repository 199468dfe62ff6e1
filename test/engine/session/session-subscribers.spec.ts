import { describe, expect, it, jest } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { result } from '../../support/sdk-messages.js';
import { SessionBench, settle } from '../../support/session-bench.js';

describe('the subscribers of a session', () => {
  it('keep receiving events when the callback of one of them throws', async () => {
    const bench = await SessionBench.start();
    const error = jest.fn();
    bench.deps.logger.error = error;
    const failure = new Error('broken subscriber');
    const broken = jest.fn(() => {
      throw failure;
    });
    bench.session.subscribe(0, broken);
    const events = new EventEmitter();
    const received: string[] = [];
    const healthy = bench.session.subscribe(0, () => {
      const reading = healthy.read(1_000_000);
      if (reading.kind !== 'events') return;
      received.push(...reading.events.map(({ name }) => name));
      if (received.includes('result')) events.emit('result');
    });
    const hasResult = once(events, 'result');
    await bench.say('hi');
    await bench.agent.received(1);
    bench.agent.say(result());
    await hasResult;
    expect(received).toEqual(['session_ready', 'user_message', 'turn_start', 'result']);
    expect(broken).toHaveBeenCalledTimes(1);
    expect(error.mock.calls).toEqual([
      [`Session ${bench.session.id}: a subscriber threw an error. Closing it.`, failure],
    ]);
    expect(bench.session.info().subscribers).toBe(1);
    healthy.close();
    await bench.close();
  });

  it('let an idle agent stop when the only one of them was closed because it threw', async () => {
    const bench = await SessionBench.start();
    bench.session.subscribe(0, () => {
      throw new Error('broken subscriber');
    });
    expect(bench.session.isActive).toBe(true);
    await bench.say('hi');
    await bench.agent.received(1);
    bench.agent.say(result());
    await bench.said('result');
    await settle();
    expect(bench.session.isActive).toBe(false);
    await bench.close();
  });
});
