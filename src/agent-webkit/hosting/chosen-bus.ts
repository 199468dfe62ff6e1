import type { Bus } from '../engine/bus.js';
import type { StorageProvider } from '../engine/storage.js';
import type { TopLevelOptions } from '../options/groups/top-level.js';

/**
 * Returns the bus for the servers that share a storage, or null for none.
 *
 * @param chosen the option `bus`; null for the bus of the storage
 */
export function busFor(
  chosen: NonNullable<TopLevelOptions['bus']> | null,
  storage: StorageProvider,
): Bus | null {
  if (!storage.cluster || chosen === 'none') return null;
  return chosen ?? storage.createBus?.() ?? null;
}
