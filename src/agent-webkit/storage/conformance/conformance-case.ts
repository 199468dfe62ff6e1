import type { StorageProvider } from '../../engine/storage.js';

/** One empty storage, made for one case. */
export interface ConformanceSubject {
  /** Opened, and nothing in it. */
  readonly provider: StorageProvider;
  /**
   * Closes the provider in use and opens the same storage again, as a server does that is started
   * anew. Left out where nothing is durable: then the cases about that pass without looking.
   */
  readonly reopen?: () => Promise<StorageProvider>;
  /** Closes the provider in use, and removes what the case left. */
  readonly close: () => Promise<void>;
}

/** One promise of the storage port. */
export interface ConformanceCase {
  /** A sentence about what holds. */
  readonly name: string;
  /** Rejects, mostly with an `AssertionError`, when it does not hold. */
  readonly run: () => Promise<void>;
}
