import { afterEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { DeliveredEvent } from '../../../src/agent-webkit/protocol/events.js';
import { type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { ADA } from '../../support/registry-bench.js';
import { settle, user } from '../../support/session-bench.js';
import { SessionHandle } from '../../../src/agent-webkit/engine/registry/session-handle.js';

let bench: ClusterBench;
const readers: Reader[] = [];

async function stop(): Promise<void> {
  for (const reader of readers.splice(0)) await reader.close();
  await bench.close();
}

afterEach(stop);

/** Reads a session as a stream and as a watch does, from its first event. */
class Reader {
  readonly bytes: Buffer[] = [];
  readonly events: DeliveredEvent[] = [];
  hasEnded = false;
  error: unknown = null;
  #close: () => void = () => undefined;
  #watching: Promise<void> = Promise.resolve();

  static async open({ registry }: BenchServer, id: string): Promise<Reader> {
    const reader = new Reader();
    readers.push(reader);
    const session = await registry.subscriptions.at(id, ADA, 0);
    const read = () => {
      for (;;) {
        const reading = subscription.readFrames(100_000);
        if (reading.kind === 'frames') reader.bytes.push(Buffer.from(reading.bytes));
        else if (reading.kind === 'caught_up') return;
        else {
          reader.hasEnded = true;
          return;
        }
      }
    };
    const subscription = registry.subscriptions.subscribe(session, 0, read);
    read();
    const watch = await new SessionHandle(registry, id, ADA).watch(0);
    reader.#watching = (async () => {
      try {
        for await (const event of watch) reader.events.push(event);
      } catch (error) {
        reader.error = error;
      }
    })();
    reader.#close = () => {
      subscription.close();
      watch.close();
    };
    return reader;
  }

  get text(): string {
    return Buffer.concat(this.bytes).toString();
  }

  async close(): Promise<void> {
    this.#close();
    await this.#watching;
  }
}

/** Returns the bytes of a stream with every stored event. */
async function whole({ registry }: BenchServer, id: string): Promise<string> {
  const { events } = await (await registry.subscriptions.at(id, ADA, 0)).read(0, 10_000);
  return events
    .map((event) => `id: ${event.id}\nevent: ${event.name}\ndata: ${event.data}\n\n`)
    .join('');
}

const step = fc.record({
  kind: fc.constantFrom('say', 'release', 'lose', 'join'),
  at: fc.constantFrom(0, 1),
});

const STEPS = {
  say: ({ registry }: BenchServer, id: string) => registry.send(id, user('hello'), ADA),
  /** The server releases the session if it runs there. */
  release: ({ registry }: BenchServer) => registry.lifecycle.stopAgents(),
  /** The server takes the session over although it runs on another one, as after a lapsed lease. */
  lose: async ({ registry }: BenchServer, id: string) => {
    bench.cluster.owners.delete(id);
    await bench.cluster.storage.records.claim(id);
    bench.cluster.leases.clear();
    for (const server of bench.servers) await server.registry.lifecycle.renewLease();
    await bench.introduce();
    await registry.send(id, user('taken over'), ADA);
  },
  /** One more reader. */
  join: async (server: BenchServer, id: string) => void (await Reader.open(server, id)),
};

/** Returns the bytes of a stream with every stored event, once the last one is stored. */
async function settled(server: BenchServer, id: string): Promise<string> {
  let before = '';
  return eventually(
    async () => {
      await settle(20);
      const now = await whole(server, id);
      const isSame = now === before;
      before = now;
      return isSame ? now : '';
    },
    (text) => text !== '',
  );
}

async function startTwo(hasBus = true): Promise<[BenchServer, BenchServer]> {
  bench = new ClusterBench(60_000, hasBus);
  return (await bench.startAll(2)) as [BenchServer, BenchServer];
}

describe.each([true, false])('a reader of a session, with a bus: %s', (hasBus) => {
  it('on another server receives what the server of the session sends', async () => {
    const [a, b] = await startTwo(hasBus);
    const { id } = await a.registry.create({}, ADA);
    const reader = await Reader.open(b, id);
    const own = await Reader.open(a, id);
    for (const content of ['one', 'two']) {
      await a.registry.send(id, user(content), ADA);
      const expected = await whole(a, id);
      await eventually(() => reader.text === expected);
      await eventually(() => own.text === expected);
      await eventually(() => JSON.stringify(reader.events) === JSON.stringify(own.events));
    }
    expect(reader.hasEnded).toBe(false);
  });

  it('ends after the event `done` when the session is deleted', async () => {
    const [a, b] = await startTwo(hasBus);
    const { id } = await a.registry.create({}, ADA);
    const reader = await Reader.open(b, id);
    await eventually(() => bench.cluster.subscribers.get(b.address)?.get(id));
    let isDeleted = false;
    const deleted = a.registry.delete(id, ADA).then(() => (isDeleted = true));
    await eventually(() => reader.hasEnded);
    // Without a bus, the deletion cannot know that the reader has the last event.
    if (hasBus) await deleted;
    else expect(isDeleted).toBe(false);
    await deleted;
    expect(reader.text).toMatch(/event: done\n.*\n\n$/);
    expect(reader.error).toBeNull();
  });

  it('goes on, without a gap and with no event twice, whichever server runs the session', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const servers = await startTwo(hasBus);
        const { id } = await servers[0].registry.create({}, ADA);
        const all = [await Reader.open(servers[0], id), await Reader.open(servers[1], id)];
        for (const { kind, at } of steps) await STEPS[kind](servers[at], id);
        const expected = await settled(servers[0], id);
        for (const reader of all) {
          await eventually(() => reader.text === expected);
          const count = expected.split('\n\n').length - 1;
          await eventually(() => reader.events.length === count);
          expect(reader).toMatchObject({ hasEnded: false, error: null });
        }
        await stop();
      }),
      { numRuns: hasBus ? 20 : 4 },
    );
  }, 120_000);
});
