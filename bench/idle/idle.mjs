// Measures the cost of idle subscribers.
import { save } from '../figures.mjs';
import { measureManySubscribers } from './many-subscribers.mjs';
import { measureMemory } from './memory.mjs';

export async function benchIdle(isBrief) {
  const memory = await measureMemory(isBrief);
  const many = await measureManySubscribers(isBrief);
  save('idle', { memory, many });
}
