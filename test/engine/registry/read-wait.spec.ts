import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionEngine } from '../../../src/agent-webkit/engine/registry/session-engine.js';
import type { SessionHandle } from '../../../src/agent-webkit/engine/registry/session-handle.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { user } from '../../support/session-bench.js';

const logger = { log: () => undefined, warn: () => undefined, error: () => undefined };
const EMPTY = { events: [], last_id: 1, has_more: false };
const HOUR = 3_600_000;

describe('a read that waits', () => {
  let storage: MemoryStorage;
  let engine: SessionEngine;
  let session: SessionHandle;
  const subscribers = async () => (await session.info()).subscribers;
  /** Starts a read that waits. Its page is wrapped, because `await` would wait for it. */
  const begin = async (options: { waitMs: number; signal?: AbortSignal }) => {
    const page = session.read(1, 100, options);
    await eventually(async () => (await subscribers()) === 1);
    return { page };
  };
  beforeEach(async () => {
    storage = new MemoryStorage();
    const { registry } = createRegistry(storage);
    engine = new SessionEngine({ registry, storage, logger });
    session = await engine.create({}, ADA);
  });
  afterEach(() => engine.stop());

  it('does not wait when there is an event after the cursor', async () => {
    expect((await session.read(0, 100, { waitMs: HOUR })).last_id).toBe(1);
  });

  it('returns the events that are published, and is no subscriber any more', async () => {
    const { page } = await begin({ waitMs: HOUR });
    await session.send(user('hi'));
    expect((await page).events[0]).toMatchObject({ id: 2, event: 'user_message' });
    expect(await subscribers()).toBe(0);
  });

  it('returns an empty page when the time is over or the signal aborts', async () => {
    expect(await session.read(1, 100, { waitMs: 5 })).toEqual(EMPTY);
    const left = new AbortController();
    const { page } = await begin({ waitMs: HOUR, signal: left.signal });
    left.abort();
    expect(await page).toEqual(EMPTY);
    expect(await session.read(1, 100, { waitMs: HOUR, signal: left.signal })).toEqual(EMPTY);
    expect(await subscribers()).toBe(0);
  });

  it('returns an empty page when another server takes the session over', async () => {
    const { page } = await begin({ waitMs: HOUR });
    await storage.records.claim(session.id);
    await expect(session.send(user('hi'))).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await page).toEqual(EMPTY);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 31])('rejects a wait of %d milliseconds', async (waitMs) => {
    await expect(session.read(1, 100, { waitMs })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
