import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type BusCases, receives, reaches, textOf, withoutMarks } from './fixtures.js';

const HARD_TEXT = `{"text":"lines \u2028\\n, pair 😀, é, ﷺ, \\"quotes\\", $1, '; --, %s"}`;
const MEMBERS = 8;
const MESSAGES = 1000;

/** The least size that a bus must carry, for a small event. */
const MIN_BYTES = 1024;

export const deliveryCases: BusCases = [
  [
    'a message arrives at the server with its address, and at no other',
    async (fleet) => {
      const [first, second, third] = [await fleet.open(), await fleet.open(), await fleet.open()];
      first.bus.send(second.address, 'to the second');
      await receives(second, ['to the second']);
      await reaches(first, third);
      assert.deepEqual(withoutMarks(first), []);
      assert.deepEqual(withoutMarks(third), []);
      assert.deepEqual(withoutMarks(second), ['to the second']);
    },
  ],
  [
    'a server can send a message to itself',
    async (fleet) => {
      const member = await fleet.open();
      member.bus.send(member.address, 'to itself');
      await receives(member, ['to itself']);
    },
  ],
  [
    'a message is not delivered before send has returned',
    async (fleet) => {
      const member = await fleet.open();
      member.bus.send(member.address, 'later');
      assert.deepEqual(member.messages, []);
      await receives(member, ['later']);
    },
  ],
  [
    'text arrives unchanged',
    async (fleet) => {
      const [sender, receiver] = [await fleet.open(), await fleet.open()];
      const texts = [HARD_TEXT, ' ', 'a', JSON.stringify({ text: '\0 \ud83d' })];
      for (const text of texts) sender.bus.send(receiver.address, text);
      await receives(receiver, texts);
      assert.deepEqual(receiver.messages.sort(), [...texts].sort());
    },
  ],
  [
    'messages of every size up to maxBytes arrive',
    async (fleet) => {
      const [sender, receiver] = [await fleet.open(), await fleet.open()];
      const { maxBytes } = sender.bus;
      assert.ok(maxBytes >= MIN_BYTES, `maxBytes is ${maxBytes}, below ${MIN_BYTES}.`);
      const sizes = [1, 2, 1000, Math.floor(maxBytes / 2), maxBytes - 1, maxBytes];
      const texts = sizes.flatMap((bytes) =>
        ['a', 'é', '😀'].map((letter) => textOf(bytes, letter)),
      );
      for (const text of texts) {
        sender.bus.send(receiver.address, text);
        // oxlint-disable-next-line no-await-in-loop -- a bus may lose what exceeds its buffer
        await receives(receiver, [text]);
      }
    },
  ],
  [
    'every one of many messages of one moment arrives',
    async (fleet) => {
      const [sender, receiver] = [await fleet.open(), await fleet.open()];
      const texts = Array.from({ length: MESSAGES }, (_, index) => `message ${index}`);
      for (const text of texts) sender.bus.send(receiver.address, text);
      await receives(receiver, texts);
      assert.equal(new Set(receiver.messages).size, MESSAGES);
    },
  ],
  [
    'all of many servers reach each other',
    async (fleet) => {
      const members = await Promise.all(Array.from({ length: MEMBERS }, () => fleet.open()));
      for (const sender of members) {
        for (const { address } of members) sender.bus.send(address, `${sender.address} ${address}`);
      }
      await Promise.all(
        members.map(async (member) => {
          const expected = members.map(({ address }) => `${address} ${member.address}`);
          await receives(member, expected);
          assert.deepEqual(member.messages.sort(), expected.sort());
        }),
      );
    },
  ],
  [
    'messages to servers that do not exist are lost, and later ones arrive',
    async (fleet) => {
      const [sender, receiver] = [await fleet.open(), await fleet.open()];
      for (let count = 0; count < 100; count += 1)
        sender.bus.send(randomUUID(), 'to a server that does not exist');
      sender.bus.send('', 'to no address');
      sender.bus.send('not an address"; \0', 'to no address');
      sender.bus.send('x'.repeat(1000), 'to no address');
      sender.bus.send(receiver.address, 'to a server that exists');
      await receives(receiver, ['to a server that exists']);
    },
  ],
];
