import { expect } from '@jest/globals';
import type { SseClient } from '../support/sse-client.js';

/** The limit on a busy machine, in milliseconds. The goals are 10 s after a kill and 15 s after a freeze. */
const LIMIT_MS = 20_000;

/** Waits until a reader has received the end of an interrupted turn, and prints how long it took. */
export async function interruptedWithin(
  reader: SseClient,
  since: number,
  what: string,
): Promise<void> {
  await reader.until(() => {
    const at = reader.events.findIndex(({ data }) => data['code'] === 'turn_interrupted');
    return at !== -1 && reader.events.slice(at).some(({ event }) => event === 'result');
  });
  const ms = performance.now() - since;
  process.stderr.write(
    `  turn_interrupted and result ${ms.toFixed(0)} ms after the server was ${what}\n`,
  );
  expect(ms).toBeLessThan(LIMIT_MS);
}
