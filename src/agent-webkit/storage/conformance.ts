import type { StorageProvider } from '../engine/storage.js';
import { endingCases } from './conformance/ending-cases.js';
import { eventCases } from './conformance/event-cases.js';
import { openedCases } from './conformance/fixtures.js';
import { raceCases } from './conformance/race-cases.js';
import { recordCases } from './conformance/record-cases.js';
import { textCases } from './conformance/text-cases.js';
import { transcriptCases } from './conformance/transcript-cases.js';

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

/**
 * What every {@link StorageProvider} has to keep, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of storageConformance(createSubject)) test(name, run);
 * ```
 *
 * The cases about `transcripts` pass without looking where the provider has none. Each case has a
 * storage of its own; none needs another, and they may run at the same time.
 *
 * @param createSubject makes an empty storage; called once by each case
 */
export function storageConformance(
  createSubject: () => Promise<ConformanceSubject>,
): ConformanceCase[] {
  const cases = [eventCases, textCases, recordCases, endingCases, raceCases, transcriptCases];
  return openedCases(cases.flat(), createSubject);
}
