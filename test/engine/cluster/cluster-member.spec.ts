import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ClusterMember } from '../../../src/agent-webkit/engine/cluster/cluster-member.js';
import { MemoryCluster, type MemoryServer } from '../../support/memory-cluster.js';
import { settle, stopTime } from '../../support/session-bench.js';

const quiet = () => undefined;

describe('a server that joins the others', () => {
  let cluster: MemoryCluster;
  let server: MemoryServer;
  let member: ClusterMember;

  beforeEach(() => {
    stopTime();
    cluster = new MemoryCluster();
    server = cluster.server('a');
    member = new ClusterMember({
      store: server.cluster,
      bus: cluster.bus('a'),
      onRequest: (body) => Promise.resolve(body),
      freeAgents: () => 1,
      compareSessions: () => Promise.resolve(),
      onOrphans: quiet,
      onRenewed: quiet,
      logger: { log: quiet, warn: quiet, error: quiet },
    });
  });

  afterEach(async () => {
    await member.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('waits for the key of the messages until the storage answers', async () => {
    server.cluster.messageKey = () => Promise.reject(new Error('away'));
    const opening = member.open();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(cluster.isValid('a')).toBe(false);
    server.cluster.messageKey = async () => cluster.messageKey;
    await jest.advanceTimersByTimeAsync(10_000);
    await opening;
    expect(cluster.isValid('a')).toBe(true);
    expect(cluster.receivers.has('a')).toBe(true);
  });

  it('joins no more when it was closed before the storage has answered', async () => {
    cluster.cut('a');
    const opening = member.open();
    await settle();
    await member.close();
    cluster.heal('a');
    await opening;
    expect(cluster.receivers.has('a')).toBe(false);
    expect(cluster.isValid('a')).toBe(false);
  });

  it('is closed at once while the storage is away', async () => {
    server.cluster.messageKey = () => Promise.reject(new Error('away'));
    const opening = member.open();
    opening.catch(quiet);
    await settle();
    await member.close();
    await expect(opening).rejects.toThrow('away');
  });
});
