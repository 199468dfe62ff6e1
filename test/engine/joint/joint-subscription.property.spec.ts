import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { SessionRegistry } from '../../../src/agent-webkit/engine/registry/session-registry.js';
import { ClusterBench } from '../../support/cluster-bench.js';
import { JointReader } from '../../support/joint-reader.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { LIMITS, user } from '../../support/session-bench.js';

/** A step of a client, or of the sessions. The numbers choose a session, a server, a size. */
type Step =
  | { readonly kind: 'say'; readonly n: number; readonly times: number }
  | { readonly kind: 'create' | 'delete' | 'evict'; readonly n: number }
  | { readonly kind: 'read'; readonly bytes: number }
  | {
      readonly kind: 'reconnect';
      readonly arriving: number;
      readonly during: readonly Step[];
      readonly n: number;
    };

const index = fc.nat({ max: 9 });
const change: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('say' as const),
      n: index,
      times: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('create' as const), n: index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), n: index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('evict' as const), n: index }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: change },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      bytes: fc.integer({ min: 1, max: 3000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('reconnect' as const),
      arriving: fc.nat({ max: 20 }),
      during: fc.array(change, { maxLength: 5 }),
      n: index,
    }),
  },
);

/** Servers, the sessions of a caller on them, and a client. */
class World {
  readonly reader = new JointReader();
  readonly ids: string[] = [];
  readonly #registries: readonly SessionRegistry[];

  constructor(registries: readonly SessionRegistry[]) {
    this.#registries = registries;
  }

  at(n: number): SessionRegistry {
    return this.#registries[n % this.#registries.length] as SessionRegistry;
  }

  async take(next: Step): Promise<void> {
    const id = 'n' in next ? this.ids[next.n % this.ids.length] : undefined;
    switch (next.kind) {
      case 'say':
        if (id === undefined) return;
        for (let n = 0; n < next.times; n += 1) {
          // oxlint-disable-next-line no-await-in-loop -- one message after the other
          await this.at(next.n).send(id, user('x'.repeat(next.n * 30)), ADA);
        }
        return;
      case 'create':
        this.ids.push((await this.at(next.n).create({}, ADA)).id);
        return;
      case 'delete':
        if (id !== undefined) await this.at(next.n).delete(id, ADA);
        this.ids.splice(this.ids.indexOf(id ?? ''), id === undefined ? 0 : 1);
        return;
      case 'evict':
        await this.at(next.n).lifecycle.stopAgents();
        return;
      case 'read':
        return this.reader.read(next.bytes);
      case 'reconnect':
        await this.reader.disconnect(next.arriving);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        for (const meanwhile of next.during) await this.take(meanwhile);
        return this.reader.connect(this.at(next.n));
      default:
        next satisfies never;
    }
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (let n = 0; n < 3; n += 1) await this.take({ kind: 'create', n }); // oxlint-disable-line no-await-in-loop
    await this.reader.connect(this.at(0));
    for (const next of steps) await this.take(next); // oxlint-disable-line no-await-in-loop
    await this.reader.hasAll(this.at(0));
    this.reader.close();
  }
}

const limitsWith = (maxEvents: number) => ({ ...LIMITS, maxQueuedMessages: 10_000, maxEvents });

describe('a client of the stream of several sessions, which reads and reconnects at any time', () => {
  it('has every event of every session, and no gap is reported while all are kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { registry } = createRegistry(undefined, { limits: limitsWith(10_000) });
        const world = new World([registry]);
        await world.run(steps);
        expect(world.reader.gaps).toEqual([]);
        await registry.lifecycle.shutdown();
      }),
      { numRuns: 60, endOnFailure: true },
    );
  }, 120_000);

  it('has everything that is kept, and reads a gap where events are no longer kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { registry } = createRegistry(undefined, { limits: limitsWith(6) });
        await new World([registry]).run(steps);
        await registry.lifecycle.shutdown();
      }),
      { numRuns: 60, endOnFailure: true },
    );
  }, 120_000);

  it('has every event also when it reconnects to another server', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const bench = new ClusterBench();
        const servers = await bench.startAll(2, { limits: limitsWith(10_000) });
        const world = new World(servers.map(({ registry }) => registry));
        await world.run(steps);
        expect(world.reader.gaps).toEqual([]);
        await bench.close();
      }),
      { numRuns: 10, endOnFailure: true },
    );
  }, 120_000);
});
