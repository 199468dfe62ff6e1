import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import {
  type EventAppend,
  type EventStore,
  FencedError,
} from '../../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { assistant, result, text } from '../../support/sdk-messages.js';
import { SessionBench, settle } from '../../support/session-bench.js';

/** A storage in which another server takes the session over. It reports that synchronously or asynchronously. */
class TakenStorage extends MemoryStorage {
  isTaken = false;
  constructor(isSync: boolean) {
    super();
    const { events } = this;
    const append = (appended: EventAppend) => {
      if (this.isTaken) throw new FencedError(appended.sessionId);
      return events.append(appended);
    };
    Object.assign(this, {
      events: {
        append: isSync ? append : async (appended) => append(appended),
        read: (...args) => events.read(...args),
        hasKey: (...args) => events.hasKey(...args),
        trim: (...args) => events.trim(...args),
      } satisfies EventStore,
    });
  }
}

async function expectGivenUp(bench: SessionBench): Promise<void> {
  await settle();
  expect(bench.lost).toEqual([bench.session.id]);
  expect(bench.session.state).toBe('closed');
  expect(bench.agents.every(({ isClosed }) => isClosed)).toBe(true);
  await expect(bench.say('more')).rejects.toMatchObject({ code: 'session_not_found' });
}

// Jest fails a test during which a rejection is not handled.
describe.each([
  ['at once', true],
  ['later', false],
])('a storage that reports %s that the session was taken over', (_, isSync) => {
  const start = async () => {
    const storage = new TakenStorage(isSync);
    return [await SessionBench.start({ storage }), storage] as const;
  };

  it('rejects the message, closes the session and ends its streams without done', async () => {
    const [bench, storage] = await start();
    const readable = new EventEmitter();
    const subscription = bench.session.subscribe(0, () => readable.emit('readable'));
    expect(subscription.read(1000).kind).toBe('events');
    storage.isTaken = true;
    await expect(bench.say('hi')).rejects.toMatchObject({ code: 'storage_unavailable' });
    await expectGivenUp(bench);
    expect(subscription.read(1000)).toEqual({ kind: 'ended' });
    expect(await bench.names()).toEqual(['session_ready']);
  });

  it('leaves no request of the agent without a result', async () => {
    const [bench, storage] = await start();
    await bench.say('hi');
    await bench.agent.received(1);
    const before = bench.agent.ask('Bash', {}, { toolUseID: 'toolu_1' });
    await bench.said('permission_request');
    storage.isTaken = true;
    const after = bench.agent.ask('Bash', {}, { toolUseID: 'toolu_2' });
    expect(await before).toMatchObject({ behavior: 'deny' });
    expect(await after).toMatchObject({ behavior: 'deny' });
    await expectGivenUp(bench);
  });

  it('rejects a reply that is not committed, and the agent does not act on it', async () => {
    const [bench, storage] = await start();
    await bench.say('hi');
    await bench.agent.received(1);
    const asked = bench.agent.ask('Bash', {}, { toolUseID: 'toolu_1' });
    await bench.said('permission_request');
    storage.isTaken = true;
    const reply = bench.session.accept(
      { type: 'permission_response', correlation_id: 'toolu_1', behavior: 'allow' },
      { id: 'ada' },
    );
    await expect(reply).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await asked).toMatchObject({ behavior: 'deny' });
    await expectGivenUp(bench);
  });

  it.each([
    ['an answer of the agent', assistant([text('hi')])],
    ['the end of a turn', result()],
  ])('closes the session when it rejects %s', async (_what, message) => {
    const [bench, storage] = await start();
    await bench.say('hi');
    await bench.say('waits');
    await bench.agent.received(1);
    storage.isTaken = true;
    bench.agent.say(message);
    await settle();
    await expectGivenUp(bench);
    expect(bench.agent.inputs).toHaveLength(1);
  });

  it('closes the session when the crash of its agent is not committed', async () => {
    const [bench, storage] = await start();
    await bench.say('hi');
    await bench.agent.received(1);
    void bench.agent.ask('Bash', {}, { toolUseID: 'toolu_1' });
    await bench.said('permission_request');
    storage.isTaken = true;
    bench.agent.die('crashed');
    await settle();
    await expectGivenUp(bench);
  });

  it('does not prevent a session from being created or ended', async () => {
    const [bench, storage] = await start();
    await bench.say('hi');
    storage.isTaken = true;
    await bench.close();
    expect(bench.agent.isClosed).toBe(true);
    await expect(bench.create()).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  it('closes a session whose recovery is not committed', async () => {
    const [before, storage] = await start();
    await before.say('hi');
    await before.agent.received(1);
    void before.agent.ask('Bash', {}, { toolUseID: 'toolu_1' });
    await before.said('permission_request');
    storage.isTaken = true;
    const after = await SessionBench.restart(before);
    await expectGivenUp(after);
  });
});

/** A session whose events are mostly in the storage only. */
async function startLong(): Promise<SessionBench> {
  const limits = { maxEvents: 5000, maxLogChars: 10_000_000 };
  const bench = await SessionBench.start({ limits });
  await bench.say('hi');
  await bench.agent.received(1);
  for (let n = 0; n < 20; n += 1) bench.agent.say(assistant([text('x'.repeat(100_000))]));
  await settle(20);
  return bench;
}

describe('a session whose older events are gone from the storage', () => {
  it('is closed when another server has taken it over, so that it is restored on request', async () => {
    const bench = await startLong();
    const next = await SessionBench.restart(bench);
    await bench.storage.events.trim(bench.session.id, 5, []);
    await expect(bench.session.read(1, 10)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await expectGivenUp(bench);
    await next.close();
  });

  it('is closed when another server has deleted it, and its streams are cut off', async () => {
    const bench = await startLong();
    await bench.storage.records.delete(bench.session.id);
    const subscription = bench.session.subscribe(1, () => undefined);
    expect(subscription.read(100)).toEqual({ kind: 'caught_up' });
    await settle();
    expect(subscription.read(100)).toEqual({ kind: 'overtaken' });
    await expectGivenUp(bench);
  });

  it('continues while this server owns it, or the storage does not answer', async () => {
    const bench = await startLong();
    await bench.storage.events.trim(bench.session.id, 5, []);
    await expect(bench.session.read(1, 10)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await settle();
    bench.storage.records.get = () => Promise.reject(new Error('away'));
    await expect(bench.session.read(1, 10)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await settle();
    expect(bench.session.state).toBe('running');
    await bench.close();
  });
});
