import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Session } from '../../../src/agent-webkit/engine/session/session.js';
import {
  type EventAppend,
  type EventStore,
  UnstorableError,
} from '../../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { assistant, text } from '../../support/sdk-messages.js';
import { settle, user } from '../../support/session-bench.js';

/** A storage that can never store an event with POISON in its data. */
class FussyStorage extends MemoryStorage {
  constructor() {
    super();
    const { events } = this;
    Object.assign(this, {
      events: {
        append: async (append: EventAppend) => {
          if (append.events.some(({ data }) => data.includes('POISON'))) {
            throw new UnstorableError('It is poison.');
          }
          await events.append(append);
        },
        read: (...args) => events.read(...args),
        hasKey: (...args) => events.hasKey(...args),
        trim: (...args) => events.trim(...args),
      } satisfies EventStore,
    });
  }
}

describe('a session with an event that can never be stored', () => {
  let bench: ReturnType<typeof createRegistry>;
  let session: Session;
  beforeEach(async () => {
    bench = createRegistry(new FussyStorage());
    session = await bench.registry.create({}, ADA);
  });
  afterEach(() => bench.registry.lifecycle.shutdown());

  const names = async () => {
    const { events } = await (await bench.registry.get(session.id, ADA)).read(0, 100);
    return events.map(({ name, data }) =>
      name === 'error' ? (JSON.parse(data) as { code: string }).code : name,
    );
  };

  it('rejects the request for it for good, and continues without it', async () => {
    const subscription = session.subscribe(0, () => undefined);
    expect(subscription.read(10_000).kind).toBe('events');
    const sent = bench.registry.send(session.id, user('POISON'), ADA);
    await expect(sent).rejects.toMatchObject({ code: 'not_storable' });
    expect(subscription.read(10_000).kind).toBe('ended');
    expect(session.endReason).toBe('reset');

    await bench.registry.send(session.id, user('fine'), ADA);
    expect(await bench.registry.get(session.id, ADA)).not.toBe(session);
    expect((await names()).slice(0, 3)).toEqual([
      'session_ready',
      'event_not_stored',
      'user_message',
    ]);
  });

  it('asks a request that arrives at that moment to retry', async () => {
    const sent = bench.registry.send(session.id, user('POISON'), ADA);
    await expect(sent).rejects.toMatchObject({ code: 'not_storable' });
    await expect(session.accept(user('late'), ADA)).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
  });

  it('interrupts the turn of an agent that has caused it, and stops that agent', async () => {
    await bench.registry.send(session.id, user('hello'), ADA);
    const [agent] = bench.agents;
    await agent?.received(1);
    agent?.say(assistant([text('POISON')]));
    await settle();
    expect(session.endReason).toBe('reset');
    expect(bench.living()).toBe(0);
    expect(await names()).toEqual([
      'session_ready',
      'user_message',
      'turn_start',
      'event_not_stored',
      'turn_interrupted',
      'result',
      'session_state',
    ]);
  });

  it('continues a watch of the host', async () => {
    const handle = session.subscribe(0, () => undefined);
    handle.close();
    const watched: string[] = [];
    const { SessionHandle } =
      await import('../../../src/agent-webkit/engine/registry/session-handle.js');
    const watch = await new SessionHandle(bench.registry, session.id, ADA).watch();
    const watching = (async () => {
      for await (const { event } of watch) {
        watched.push(event);
        if (event === 'error') return;
      }
    })();
    await expect(bench.registry.send(session.id, user('POISON'), ADA)).rejects.toThrow();
    await watching;
    expect(watched).toEqual(['session_ready', 'error']);
  });
});
