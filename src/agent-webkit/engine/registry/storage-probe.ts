import type { GuardedStorage } from '../storage-guard/guarded-storage.js';
import { TIMED_OUT, within } from '../timing/within.js';

/** How long an answer may take, in milliseconds. */
const PROBE_TIMEOUT_MS = 2000;
/** The id of no session. */
const NO_SESSION = '00000000-0000-0000-0000-000000000000';

/** Finds out whether the storage works, by one read at a time, however many ask. */
export class StorageProbe {
  readonly #storage: Pick<GuardedStorage, 'records' | 'fault'>;
  #asking: Promise<boolean> | null = null;

  constructor(storage: Pick<GuardedStorage, 'records' | 'fault'>) {
    this.#storage = storage;
  }

  /** Resolves to true if the storage answers in time, and reports no fault that only an operator can fix. */
  works(): Promise<boolean> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask(): Promise<boolean> {
    try {
      const answer = await within(PROBE_TIMEOUT_MS, this.#read());
      return answer !== TIMED_OUT && this.#storage.fault === null;
    } catch {
      return false; // reported by the storage's guard
    }
  }

  async #read(): Promise<void> {
    await this.#storage.records.get(NO_SESSION);
  }
}
