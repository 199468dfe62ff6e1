import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Membership } from '../../../src/agent-webkit/engine/cluster/membership.js';
import { latch } from '../../support/latch.js';
import { MemoryCluster, type MemoryServer } from '../../support/memory-cluster.js';
import { settle, stopTime } from '../../support/session-bench.js';

const quiet = () => undefined;
const LEASE_MS = 1000;

const renewals = (server: MemoryServer) =>
  server.calls.filter((name) => name === 'cluster.renew').length;

describe('the membership of a server', () => {
  let cluster: MemoryCluster;
  const opened: Membership[] = [];
  beforeEach(() => {
    stopTime();
    cluster = new MemoryCluster(LEASE_MS);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((membership) => membership.close()));
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  function join(server: MemoryServer, free = 1) {
    const compared: string[] = [];
    const orphans: string[] = [];
    const bench = { compare: () => Promise.resolve(), compared, orphans, freeAgents: free };
    const membership = new Membership({
      store: server.cluster,
      freeAgents: () => bench.freeAgents,
      compareSessions: async () => {
        compared.push('compared');
        await bench.compare();
      },
      onOrphans: () => orphans.push('orphans'),
      onRenewed: quiet,
      logger: { log: quiet, warn: quiet, error: quiet },
    });
    opened.push(membership);
    return Object.assign(bench, { membership });
  }

  it('is certain from the first renewal on, and while renewals succeed', async () => {
    const server = cluster.server('a');
    const { membership } = join(server);
    expect(membership.isCertain).toBe(false);
    await membership.open();
    await settle();
    expect(membership.isCertain).toBe(true);
    await jest.advanceTimersByTimeAsync(10 * LEASE_MS);
    expect(membership.isCertain).toBe(true);
    expect(renewals(server)).toBe(41);
  });

  it('does not take the lease again when it has left', async () => {
    const server = cluster.server('a');
    const { membership } = join(server);
    await membership.open();
    await membership.close();
    await expect(membership.renew()).rejects.toMatchObject({ code: 'shutting_down' });
    await membership.drain();
    expect(cluster.isValid('a')).toBe(false);
  });

  it('is uncertain one lease after the begin of the last renewal, and retries sooner', async () => {
    const server = cluster.server('a');
    const { membership } = join(server);
    await membership.open();
    await settle();
    cluster.cut('a');
    await jest.advanceTimersByTimeAsync(LEASE_MS - 1);
    expect(membership.isCertain).toBe(true);
    await jest.advanceTimersByTimeAsync(2);
    expect(membership.isCertain).toBe(false);
    cluster.heal('a');
    await jest.advanceTimersByTimeAsync(LEASE_MS);
    await settle();
    expect(membership.isCertain).toBe(true);
  });

  it.each<[string, (server: MemoryServer) => Promise<void>]>([
    ['', () => Promise.resolve(cluster.lapse('a'))],
    [
      ', also when an earlier renewal, whose answer was lost, has ended the lapse',
      async (server) => {
        cluster.cut('a');
        await jest.advanceTimersByTimeAsync(2 * LEASE_MS);
        cluster.heal('a');
        // It waited in the network, and nothing waits for its answer any more.
        await server.cluster.renew({ freeAgents: 1, isDraining: false });
      },
    ],
  ])(
    'is certain after a lapse only when the sessions in memory were compared%s',
    async (_, lapse) => {
      const server = cluster.server('a');
      const bench = join(server);
      const { membership } = bench;
      await membership.open();
      await settle();
      expect(bench.compared).toHaveLength(1);
      const comparing = latch();
      bench.compare = () => comparing.released;
      await lapse(server);
      await membership.renew();
      await jest.advanceTimersByTimeAsync(LEASE_MS);
      expect(bench.compared).toHaveLength(2);
      expect(membership.isCertain).toBe(false);
      comparing.release();
      await settle();
      expect(membership.isCertain).toBe(true);
    },
  );

  it('repeats a comparison that failed, and one during which the lease lapsed again', async () => {
    const bench = join(cluster.server('a'));
    const { membership } = bench;
    const failing = latch();
    bench.compare = async () => {
      await failing.released;
      throw new Error('unavailable');
    };
    await membership.open();
    failing.release();
    await settle();
    expect(membership.isCertain).toBe(false);
    const comparing = latch();
    bench.compare = () => comparing.released;
    await membership.renew();
    cluster.lapse('a');
    await membership.renew();
    comparing.release();
    await settle();
    expect(membership.isCertain).toBe(false);
    await membership.renew();
    await settle();
    expect(membership.isCertain).toBe(true);
  });

  it('is uncertain after the machine slept for longer than a lease', async () => {
    const { membership } = join(cluster.server('a'));
    await membership.open();
    await settle();
    expect(membership.isCertain).toBe(true);
    jest.setSystemTime(Date.now() + LEASE_MS);
    expect(membership.isCertain).toBe(false);
  });

  it('knows the other servers, and the one that could start most agents', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => join(cluster.server(name)));
    if (!a || !b || !c) throw new Error('unreachable');
    await a.membership.open();
    expect(a.membership.hasOthers).toBe(false);
    expect(a.membership.roomiest(0)).toBeNull();
    b.freeAgents = 2;
    c.freeAgents = 3;
    await b.membership.open();
    await c.membership.open();
    await a.membership.renew();
    expect(a.membership.hasOthers).toBe(true);
    expect(a.membership.isAlive('b')).toBe(true);
    expect(a.membership.isAlive('x')).toBe(false);
    expect(a.membership.roomiest(1)?.address).toBe('c');
    expect(a.membership.roomiest(1, new Set(['c']))?.address).toBe('b');
    expect(a.membership.roomiest(4)).toBeNull();
    await c.membership.drain();
    await a.membership.renew();
    expect(a.membership.roomiest(1)?.address).toBe('b');
    await b.membership.close();
    await a.membership.renew();
    expect(a.membership.isAlive('b')).toBe(false);
  });

  it('renews at the moment at which the lease of another server lapses', async () => {
    const a = join(cluster.server('a'));
    const b = join(cluster.server('b'));
    await b.membership.open();
    await a.membership.open();
    cluster.cut('b');
    await jest.advanceTimersByTimeAsync(LEASE_MS - 10);
    expect(a.membership.isAlive('b')).toBe(true);
    await jest.advanceTimersByTimeAsync(20 + 50);
    expect(a.membership.isAlive('b')).toBe(false);
    cluster.heal('b');
  });

  it('reports orphans unless it drains', async () => {
    const bench = join(cluster.server('a'));
    await bench.membership.open();
    cluster.unfinished.add('some session');
    await bench.membership.renew();
    expect(bench.orphans).toHaveLength(1);
    await bench.membership.drain();
    expect(bench.orphans).toHaveLength(1);
    expect(cluster.leases.get('a')?.isDraining).toBe(true);
  });

  it('retries the first renewal until the storage answers', async () => {
    const { membership } = join(cluster.server('a'));
    cluster.cut('a');
    const opening = membership.open();
    await jest.advanceTimersByTimeAsync(3 * LEASE_MS);
    cluster.heal('a');
    await jest.advanceTimersByTimeAsync(LEASE_MS);
    await opening;
    expect(cluster.isValid('a')).toBe(true);
  });

  it('ends its lease when it closes, and its timers also when the storage does not answer', async () => {
    const a = join(cluster.server('a'));
    const b = join(cluster.server('b'));
    await a.membership.open();
    await b.membership.open();
    await a.membership.close();
    expect(cluster.isValid('a')).toBe(false);
    cluster.cut('b');
    const closing = b.membership.close();
    await jest.advanceTimersByTimeAsync(2000);
    await closing;
    cluster.heal('b');
  });
});
