import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FencedError, OwnedElsewhereError } from '../../src/agent-webkit/engine/storage.js';
import type { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { describePostgres, PostgresBench } from '../support/postgres.js';
import { createSessions, sampleAppend } from './postgres-samples.js';

/** Long compared with a run of this test. Time passes in steps, none of which ends within a minute of a limit. */
const LEASE_MS = 600_000;
const STEP_MS = 250_000;
const SERVERS = 3;

/** The lease of a server by its last renewals, in a time that only passes in steps. */
interface Lease {
  until: number;
  since: number;
  hasLeft: boolean;
}

const server = fc.nat({ max: SERVERS - 1 });
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('renew' as const), server }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('race' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      steps: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), server }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('release' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forget' as const) }) },
);

describePostgres('the leases of servers that share a PostgreSQL database', () => {
  let bench: PostgresBench;
  let servers: PostgresStorage[];
  beforeAll(async () => {
    bench = new PostgresBench();
    servers = [];
    for (let index = 0; index < SERVERS; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the first one migrates
      servers.push(await bench.connect({ leaseMs: LEASE_MS }));
      // oxlint-disable-next-line no-await-in-loop -- see above
      await servers.at(-1)?.open();
    }
  });
  afterAll(() => bench.close());

  it('decide who takes over a session, whatever happened before, and fence its server', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 14 }), async (actions) => {
        await bench.rows('truncate schema.server, schema.session cascade');
        const model = new Model(servers, bench);
        await model.start();
        for (const step of actions) {
          // oxlint-disable-next-line no-await-in-loop -- one step after the other
          await model.run(step);
        }
        await model.run({ type: 'race' });
      }),
      { numRuns: 40 },
    );
  });
});

type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

class Model {
  readonly #servers: readonly PostgresStorage[];
  readonly #bench: PostgresBench;
  #now = 0;
  #leases: (Lease | null)[] = Array.from({ length: SERVERS }, () => null);
  #id = '';
  #owner: number | null = 0;
  #epoch = 1;

  constructor(servers: readonly PostgresStorage[], bench: PostgresBench) {
    this.#servers = servers;
    this.#bench = bench;
  }

  async start(): Promise<void> {
    await this.#renew(0);
    [this.#id = ''] = await createSessions(this.#at(0), 1);
  }

  async run(step: Action): Promise<void> {
    if (step.type === 'renew') return this.#renew(step.server);
    if (step.type === 'pass') return this.#pass(step.steps * STEP_MS);
    if (step.type === 'leave') return this.#leave(step.server);
    if (step.type === 'release') return this.#release();
    if (step.type === 'forget') return this.#forget();
    return this.#race();
  }

  async #renew(index: number): Promise<void> {
    const wasValid = this.#isValid(index);
    const { others, ...told } = await this.#at(index).cluster.renew({
      freeAgents: 0,
      isDraining: false,
    });
    this.#leases[index] = {
      until: this.#now + LEASE_MS,
      since: wasValid ? (this.#leases[index]?.since ?? 0) : this.#now,
      hasLeft: false,
    };
    this.#removeForgotten(index);
    expect(told.wasValid).toBe(wasValid);
    expect(others.map(({ address }) => address).sort()).toEqual(
      this.#all()
        .filter((other) => other !== index && this.#isValid(other))
        .map((other) => this.#at(other).cluster.address)
        .sort(),
    );
  }

  /** A renewal removes the servers whose leases lapsed ten minutes ago. */
  #removeForgotten(renewing: number): void {
    this.#leases = this.#leases.map((lease, index) =>
      lease && index !== renewing && lease.until < this.#now - 600_000 ? null : lease,
    );
  }

  async #pass(ms: number): Promise<void> {
    this.#now += ms;
    const shift = `- ${ms} * interval '1 ms'`;
    await this.#bench.rows(`update schema.server
      set lease_until = lease_until ${shift}, continuous_since = continuous_since ${shift}`);
  }

  async #leave(index: number): Promise<void> {
    await this.#at(index).cluster.leave();
    const until = Math.min(this.#leases[index]?.until ?? this.#now, this.#now);
    this.#leases[index] = { until, since: this.#now, hasLeft: true };
  }

  async #release(): Promise<void> {
    if (this.#owner === null) return;
    await this.#at(this.#owner).cluster.release(this.#id, this.#epoch);
    this.#owner = null;
  }

  /** A crash of the database, which empties the tables that are not logged. */
  async #forget(): Promise<void> {
    await this.#bench.rows('truncate schema.server cascade');
    this.#leases = this.#leases.map(() => null);
  }

  /** All servers claim the session at once. */
  async #race(): Promise<void> {
    const before = this.#owner;
    const permitted = this.#all().filter((index) => this.#mayClaim(index, before));
    const previous = { owner: before, epoch: this.#epoch };
    const outcomes = await Promise.all(
      this.#servers.map(({ records }) =>
        records.claim(this.#id).catch((error: unknown) => error as OwnedElsewhereError),
      ),
    );
    const winners = this.#all().filter((index) => !(outcomes[index] instanceof Error));
    if (permitted.length === 0) expect(winners).toEqual([]);
    else expect(winners).not.toEqual([]);
    expect(winners.filter((index) => this.#isValid(index)).length).toBeLessThanOrEqual(1);
    for (const winner of winners) {
      const from = [before, ...winners.filter((other) => other !== winner)];
      expect(from.some((owner) => this.#mayClaim(winner, owner))).toBe(true);
    }
    const record = await this.#at(0).records.get(this.#id);
    this.#epoch = record?.epoch ?? 0;
    const last = winners.findIndex(
      (index) => 'epoch' in outcomes[index]! && outcomes[index].epoch === this.#epoch,
    );
    this.#owner = winners[last] ?? before;
    const addresses = [before, ...winners].map((owner) =>
      owner === null ? null : this.#at(owner).cluster.address,
    );
    for (const outcome of outcomes) {
      if (!(outcome instanceof Error)) continue;
      expect(outcome).toBeInstanceOf(OwnedElsewhereError);
      expect(addresses).toContain(outcome.server);
    }
    if (winners.length > 0) {
      const append = sampleAppend(this.#id, [], { epoch: previous.epoch });
      await expect(this.#at(previous.owner ?? 0).events.append(append)).rejects.toThrow(
        FencedError,
      );
    }
    await this.#at(this.#owner ?? 0).events.append(
      sampleAppend(this.#id, [], { epoch: this.#epoch }),
    );
  }

  #mayClaim(index: number, owner: number | null): boolean {
    if (owner === null || owner === index) return true;
    const lease = this.#leases[owner];
    if (lease?.hasLeft) return true;
    const isContinuous = (this.#leases[index]?.since ?? Infinity) <= this.#now - LEASE_MS;
    return !this.#isValid(owner) && this.#isValid(index) && isContinuous;
  }

  #isValid(index: number): boolean {
    const lease = this.#leases[index];
    return lease != null && !lease.hasLeft && lease.until > this.#now;
  }

  #all(): number[] {
    return [...this.#servers.keys()];
  }

  #at(index: number): PostgresStorage {
    return this.#servers[index] as PostgresStorage;
  }
}
