import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a fact that nothing announces. The test's own timeout is the limit. */
export async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- looks again until it is so
  while (!(await isTrue())) await delay(5);
}
