import { readFileSync } from 'node:fs';
import type { SDKMessage } from '../../src/agent-webkit/engine/agent-client.js';

/** Returns the messages of the real SDK in a scenario of `record-sdk-messages.mjs`. */
export function readRecording(scenario: string): SDKMessage[] {
  const file = new URL(`../fixtures/sdk-messages/${scenario}.jsonl`, import.meta.url);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as SDKMessage);
}
