import { afterEach, describe, expect, it } from '@jest/globals';
import { NotificationFeed } from '../../../src/agent-webkit/engine/notifications/notification-feed.js';
import type { SessionNotification } from '../../../src/agent-webkit/engine/notification.js';
import { agentOf, type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { result } from '../../support/sdk-messages.js';

const ANN = { id: 'ann' };

function failing(): never {
  throw new Error('Not now.');
}

describe('the notifications in a process', () => {
  const bench = new ClusterBench();
  afterEach(() => bench.close());

  it('are passed on the server that runs the session, whichever server was called', async () => {
    const [first, second] = (await bench.startAll(2)) as [BenchServer, BenchServer];
    const received: [BenchServer, SessionNotification][] = [];
    for (const server of [first, second]) {
      server.registry.observe({
        next: (notification) => received.push([server, notification]),
        complete: () => undefined,
      });
    }
    const id = await first.registry.createId({}, ANN);
    await second.registry.send(id, { type: 'user_message', content: 'Hello' }, ANN);
    const agent = await agentOf(first);
    await agent.received(1);
    agent.say(result());
    await eventually(async () => (await second.registry.info(id, ANN)).state === 'idle');
    await eventually(() => received.length);

    expect(received.map(([server, { type }]) => [server.address, type])).toEqual([
      [first.address, 'turn.ended'],
    ]);
  });

  it('end for an observer that was added after the end', () => {
    let completed = 0;
    const feed = new NotificationFeed({ error: () => undefined });
    feed.end();
    feed.end();
    feed.observe({ next: () => undefined, complete: () => (completed += 1) });

    expect(completed).toBe(1);
  });

  it('are passed to the other observers when one throws, which is logged', async () => {
    const lines: unknown[] = [];
    let completed = 0;
    const feed = new NotificationFeed({ error: (line) => lines.push(line) });
    feed.observe({ next: failing, complete: failing });
    feed.observe({ next: failing, complete: () => (completed += 1) });
    feed.end();
    await Promise.resolve();

    expect({ completed, lines }).toEqual({
      completed: 1,
      lines: ['An observer of notifications threw an error.'],
    });
  });
});
