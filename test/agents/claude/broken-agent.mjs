#!/usr/bin/env node
// An agent with the fault that the variable FAULT names.
import { closeSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const stay = () => setInterval(() => {}, 1000);
const input = createInterface({ input: process.stdin });

async function answer() {
  const [first] = await once(input, 'line');
  const { request_id } = JSON.parse(first);
  const response = { subtype: 'success', request_id, response: {} };
  process.stdout.write(`${JSON.stringify({ type: 'control_response', response })}\n`);
}

switch (process.env.FAULT) {
  case 'never ready':
    stay();
    break;
  case 'closed output':
    await answer();
    stay();
    closeSync(1);
    break;
  case 'endless line':
    await answer();
    stay();
    for (const part = Buffer.alloc(2 ** 20, 'x'); ;) {
      if (!process.stdout.write(part)) await once(process.stdout, 'drain');
    }
  case 'endless errors':
    await answer();
    for (let written = 0; written < 200; written += 1) {
      if (!process.stderr.write('x'.repeat(2 ** 20))) await once(process.stderr, 'drain');
    }
    process.stderr.write('the end');
    process.exitCode = 7;
    input.close();
    break;
}
