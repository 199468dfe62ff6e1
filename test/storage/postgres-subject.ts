import type { ConformanceSubject } from '../../src/agent-webkit/storage/conformance.js';
import type { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';

/** A lease that is long enough for a busy machine, and short enough for cases that wait for its end. */
export const LEASE_MS = 2000;

/** Returns a subject whose storages are created by `connect`. `remove` deletes their data. */
export async function createSubject(
  connect: () => Promise<PostgresStorage>,
  remove: () => Promise<void> = () => Promise.resolve(),
): Promise<ConformanceSubject> {
  const opened = new Set<PostgresStorage>();
  const open = async (): Promise<PostgresStorage> => {
    const storage = await connect();
    opened.add(storage);
    await storage.open();
    return storage;
  };
  let provider = await open();
  return {
    provider,
    reopen: async () => {
      await provider.close();
      opened.delete(provider);
      provider = await open();
      return provider;
    },
    join: open,
    close: async () => {
      await Promise.all([...opened].map((storage) => storage.close()));
      await remove();
    },
  };
}
