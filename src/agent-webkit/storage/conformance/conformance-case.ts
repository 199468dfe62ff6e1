import type { StorageProvider } from '../../engine/storage.js';

/** An empty storage for one case. */
export interface ConformanceSubject {
  /** An open provider without data. */
  readonly provider: StorageProvider;
  /**
   * Closes the provider and opens the same storage again, as a server does after a restart. Omit it
   * for a storage that is not durable; the cases about durability then pass without a check.
   */
  readonly reopen?: () => Promise<StorageProvider>;
  /**
   * Opens the same storage as another server. Omit it for a storage without a `cluster`; the cases about
   * servers that share it then pass without a check. Use a short lease, such as two seconds: some cases
   * wait until it has lapsed.
   */
  readonly join?: () => Promise<StorageProvider>;
  /** Closes all providers and deletes the data of the case. */
  readonly close: () => Promise<void>;
}

/** One guarantee of the storage port. */
export interface ConformanceCase {
  /** The guarantee, as a sentence. */
  readonly name: string;
  /** Rejects, usually with an `AssertionError`, when the storage does not keep the guarantee. */
  readonly run: () => Promise<void>;
}
