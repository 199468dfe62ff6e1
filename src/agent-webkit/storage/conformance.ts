import type { ConformanceCase, ConformanceSubject } from './conformance/conformance-case.js';
import { endingCases } from './conformance/ending-cases.js';
import { eventCases } from './conformance/event-cases.js';
import { openedCases } from './conformance/fixtures.js';
import { raceCases } from './conformance/race-cases.js';
import { recordCases } from './conformance/record-cases.js';
import { textCases } from './conformance/text-cases.js';
import { transcriptCases } from './conformance/transcript-cases.js';

export type { ConformanceCase, ConformanceSubject };

/**
 * What every `StorageProvider` has to keep, as cases for any test runner:
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
