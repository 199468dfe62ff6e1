import { clusterCases } from './conformance/cluster-cases.js';
import type { ConformanceCase, ConformanceSubject } from './conformance/conformance-case.js';
import { detailsCases } from './conformance/details-cases.js';
import { endingCases } from './conformance/ending-cases.js';
import { eventCases } from './conformance/event-cases.js';
import { openedCases } from './conformance/fixtures.js';
import { leaseCases } from './conformance/lease-cases.js';
import { listingCases } from './conformance/listing-cases.js';
import { memberCases } from './conformance/member-cases.js';
import { outboxCases } from './conformance/outbox-cases.js';
import { raceCases } from './conformance/race-cases.js';
import { recordCases } from './conformance/record-cases.js';
import { requestCases } from './conformance/request-cases.js';
import { textCases } from './conformance/text-cases.js';
import { transcriptCases } from './conformance/transcript-cases.js';
import { usageCases } from './conformance/usage-cases.js';

export type { ConformanceCase, ConformanceSubject };

/**
 * The guarantees of every `StorageProvider`, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of storageConformance(createSubject)) test(name, run);
 * ```
 *
 * The cases about `transcripts`, `outbox`, `usage` and `cluster` pass without a check when the provider has none. Each case creates its
 * own storage, so the cases are independent of each other and may run in parallel.
 *
 * @param createSubject creates an empty storage; each case calls it once
 */
export function storageConformance(
  createSubject: () => Promise<ConformanceSubject>,
): ConformanceCase[] {
  const cases = [
    eventCases,
    textCases,
    recordCases,
    listingCases,
    detailsCases,
    memberCases,
    requestCases,
    endingCases,
    raceCases,
    outboxCases,
    usageCases,
    transcriptCases,
    leaseCases,
    clusterCases,
  ];
  return openedCases(cases.flat(), createSubject);
}
