// What it costs to tell one event to many, and how long it takes, from the agent's message to the
// subscriber's bytes, beside others with the same frames in the same run. Speed counts as a ratio to
// raw node:http: the machine's own noise is in every absolute figure.
import { save } from '../figures.mjs';
import { measureDeliveries } from './deliveries.mjs';
import { measureLatency } from './latency.mjs';

export async function benchFanout(isBrief) {
  const deliveries = await measureDeliveries(isBrief);
  const latency = await measureLatency(isBrief);
  save('fanout', { deliveries, latency });
}
