import type { BusCase, BusSubject } from './bus-case.js';
import { deliveryCases } from './delivery-cases.js';
import { busEndingCases } from './ending-cases.js';
import { fleetCases } from './fixtures.js';
import { outageCases } from './outage-cases.js';

/**
 * The guarantees of every `Bus`, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of busConformance(createSubject)) test(name, run);
 * ```
 *
 * A bus may lose messages. The cases expect that it loses none while it is connected and little is under way.
 * Each case opens its own buses, with addresses that are unique, so the cases may share an engine. Those that stop the
 * engine disturb others that use it at the same time: run the cases one after the other, or each with an engine of its own.
 *
 * @param createSubject called once by each case
 */
export function busConformance(createSubject: () => BusSubject | Promise<BusSubject>): BusCase[] {
  return fleetCases([deliveryCases, busEndingCases, outageCases].flat(), createSubject);
}
