#!/usr/bin/env node
// Answers the SDK's first request, then writes 20 MB as fast as it is read, then `said all`.
import { createInterface } from 'node:readline';
import { once } from 'node:events';

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const [first] = await once(createInterface({ input: process.stdin }), 'line');
const { request_id } = JSON.parse(first);
say({ type: 'control_response', response: { subtype: 'success', request_id, response: {} } });
for (let index = 0; index < 2000; index += 1) {
  const text = `${index} `.padEnd(10_000, '.');
  const isRead = say({ type: 'system', subtype: 'informational', content: text, session_id: 's' });
  if (!isRead) await once(process.stdout, 'drain');
}
process.stderr.write('said all');
