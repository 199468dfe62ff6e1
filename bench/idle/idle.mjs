// What subscribers cost that only wait.
import { save } from '../figures.mjs';
import { measureCrowd } from './crowd.mjs';
import { measureMemory } from './memory.mjs';

export async function benchIdle(isBrief) {
  const memory = await measureMemory(isBrief);
  const crowd = await measureCrowd(isBrief);
  save('idle', { memory, crowd });
}
