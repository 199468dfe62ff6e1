import { expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { BodyBudget } from '../../src/agent-webkit/gateway/model/body-budget.js';

const MIB = 1024 ** 2;
const chunk = Buffer.alloc(MIB);

function body(mib: number): IncomingMessage {
  return Readable.from(Array.from({ length: mib }, () => chunk)) as unknown as IncomingMessage;
}

it('the large bodies of some agents do not keep those of another agent out', async () => {
  const held = [];
  for (let agent = 0; agent < 8; agent += 1) {
    const budget = new BodyBudget(32 * MIB);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    held.push(await budget.read(body(32)), await budget.read(body(32)));
  }
  const other = new BodyBudget(32 * MIB);
  try {
    held.push(await other.read(body(4)));
    await expect(other.read(body(5))).rejects.toThrow('Too many large requests');
    held.push(await other.read(body(4)));
  } finally {
    for (const one of held) one.release();
  }
  const after = await other.read(body(32));
  expect(after.content).toHaveLength(32 * MIB);
  after.release();
});
