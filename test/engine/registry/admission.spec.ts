import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  Admission,
  type AdmissionLimits,
} from '../../../src/agent-webkit/engine/registry/admission.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { newRecord, stopTime } from '../../support/session-bench.js';
import { ADA, BOB, createRegistry } from '../../support/registry-bench.js';

const LIMITS: AdmissionLimits = { maxSessionsPerOwner: 100, maxCreationsPerMinute: 3 };
const SECOND = 1000;
const discard = () => Promise.resolve();
const TOO_FAST = { code: 'too_many_creations' };

describe('the rate of creations of one owner', () => {
  let admission: Admission;
  const create = async (owner = 'ada', key: string | null = null) => {
    await admission.countCreation(owner);
    return admission.admit({ ...newRecord(), owner }, key, { isOver: false });
  };
  const admitted = async (count: number, owner?: string) => {
    for (let n = 0; n < count; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await create(owner)).owner).toBe(owner ?? 'ada');
    }
  };
  beforeEach(() => {
    stopTime();
    admission = new Admission(new MemoryStorage(), { discard }, LIMITS);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is limited within a minute, and a rejection says when to retry', async () => {
    await admitted(1);
    jest.advanceTimersByTime(20 * SECOND);
    await admitted(2);
    const refused = { ...TOO_FAST, retryAfterSeconds: 40 };
    await expect(create()).rejects.toMatchObject(refused);
    jest.advanceTimersByTime(39_001);
    await expect(create()).rejects.toMatchObject({ ...TOO_FAST, retryAfterSeconds: 1 });
    jest.advanceTimersByTime(999);
    await admitted(1);
    await expect(create()).rejects.toMatchObject({ ...TOO_FAST, retryAfterSeconds: 20 });
  });

  it('does not count rejected creations', async () => {
    await admitted(3);
    for (let n = 0; n < 50; n += 1) {
      jest.advanceTimersByTime(SECOND);
      await expect(create()).rejects.toMatchObject(TOO_FAST);
    }
    jest.advanceTimersByTime(10 * SECOND);
    await admitted(3);
  });

  it('is counted per owner, whatever the owner’s id is', async () => {
    const owners = ['ada', 'bob', '__proto__', 'constructor', 'toString'];
    for (const owner of [...owners, ...owners, ...owners]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await admitted(1, owner);
    }
    for (const owner of owners) await expect(create(owner)).rejects.toMatchObject(TOO_FAST);
  });

  it('is limited also for concurrent creations', async () => {
    const settled = await Promise.allSettled(Array.from({ length: 20 }, () => create()));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });
});

describe('a registry with a limited rate of creations', () => {
  it('counts neither a retry nor a creation that its policy rejects', async () => {
    const { registry } = createRegistry(undefined, { maxCreationsPerMinute: 2 });
    const { id } = await registry.create({}, ADA, 'key');
    for (let n = 0; n < 5; n += 1) {
      expect((await registry.create({}, ADA, 'key')).id).toBe(id);
      const refused = registry.create({ cwd: '/etc' }, ADA);
      await expect(refused).rejects.toMatchObject({ code: 'forbidden' });
    }
    await registry.create({}, ADA);
    await expect(registry.create({}, ADA)).rejects.toMatchObject(TOO_FAST);
    await registry.create({}, BOB);
    await registry.lifecycle.shutdown();
  });

  it('stores nothing of a rejected creation', async () => {
    const storage = new MemoryStorage();
    const { registry, agents } = createRegistry(storage, { maxCreationsPerMinute: 1 });
    await registry.create({}, ADA);
    const refused = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => registry.create({}, ADA, `key ${n}`)),
    );
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
    expect(registry.size).toBe(1);
    expect(agents).toHaveLength(1);
    expect(await storage.records.count('ada')).toBe(1);
    await registry.lifecycle.shutdown();
  });
});
