import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { CursorAheadError, CursorLostError } from '../../../src/agent-webkit/engine/errors.js';
import type { SessionRecord, StorageProvider } from '../../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { user } from '../../support/session-bench.js';

function withoutGenerations<Stored extends SessionRecord | null>(record: Stored): Stored {
  if (record) Reflect.deleteProperty(record.log, 'generations');
  return record;
}

/** A durable storage as it was written before records had generations. */
function createStorage(): StorageProvider {
  const { events, records } = new MemoryStorage();
  const stored = {
    create: records.create.bind(records),
    get: records.get.bind(records),
    claim: records.claim.bind(records),
    list: records.list.bind(records),
  };
  records.create = async (...args) => withoutGenerations(await stored.create(...args));
  records.get = async (...args) => withoutGenerations(await stored.get(...args));
  records.claim = async (...args) => withoutGenerations(await stored.claim(...args));
  records.list = async (...args) => (await stored.list(...args)).map(withoutGenerations);
  return { durable: true, events, records };
}

let bench: ReturnType<typeof createRegistry>;
let storage: StorageProvider;
beforeEach(() => {
  storage = createStorage();
  bench = createRegistry(storage);
});
afterEach(() => bench.registry.lifecycle.shutdown());

const restart = async () => {
  await bench.registry.lifecycle.shutdown();
  bench = createRegistry(storage);
};

it('continues sessions in a storage that does not store generations, and refuses the ids of an earlier server', async () => {
  const { id } = await bench.registry.create({}, ADA);
  await bench.registry.send(id, user('one'), ADA);
  await restart();
  expect((await bench.registry.list(ADA, 10, null)).sessions).toHaveLength(1);
  await bench.registry.send(id, user('two'), ADA);
  const before = await (await bench.registry.get(id, ADA)).read(0, 100);
  expect(before.events.map(({ name }) => name)).toContain('user_message');
  await restart();
  const session = await bench.registry.get(id, ADA);
  const after = await session.read(0, 100);
  expect(after.events.length).toBeGreaterThanOrEqual(before.events.length);
  const refusal = await session.read(before.lastId, 100).catch((error: unknown) => error);
  expect([CursorAheadError, CursorLostError]).toContain((refusal as Error).constructor);
});
