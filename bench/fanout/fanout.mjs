// Measures the cost and the latency of delivering one event to many subscribers, from the agent's message
// to the subscriber's bytes. Other servers send the same frames in the same run. Results are ratios to raw
// node:http, because every absolute figure includes the noise of the machine.
import { save } from '../figures.mjs';
import { measureDeliveries } from './deliveries.mjs';
import { measureLatency } from './latency.mjs';

export async function benchFanout(isBrief) {
  const deliveries = await measureDeliveries(isBrief);
  const latency = await measureLatency(isBrief);
  save('fanout', { deliveries, latency });
}
