import type { Meter } from '@opentelemetry/api';
import type { Census } from '../engine/census.js';
import { addCensuses } from './add-censuses.js';
import { observeGauges } from './gauges.js';

type TakeCensus = () => Promise<Census>;

interface Shared {
  readonly engines: Set<TakeCensus>;
  readonly end: () => void;
}

/** The gauges by the provider of their meter. Of two callbacks for one gauge, only the value of the last would count. */
const BY_PROVIDER = new WeakMap<object, Shared>();

/**
 * Adds an engine to the gauges of a provider, which are those of all its engines together.
 *
 * @returns a function that removes it
 */
export function shareGauges(provider: object, meter: Meter, takeCensus: TakeCensus): () => void {
  const shared = BY_PROVIDER.get(provider) ?? begin(provider, meter);
  shared.engines.add(takeCensus);
  return () => {
    shared.engines.delete(takeCensus);
    if (shared.engines.size > 0 || BY_PROVIDER.get(provider) !== shared) return;
    BY_PROVIDER.delete(provider);
    shared.end();
  };
}

function begin(provider: object, meter: Meter): Shared {
  const engines = new Set<TakeCensus>();
  const takeAll = async () => addCensuses(await Promise.all([...engines].map((take) => take())));
  const shared = { engines, end: observeGauges(meter, takeAll) };
  BY_PROVIDER.set(provider, shared);
  return shared;
}
