import assert from 'node:assert/strict';
import { type BusCases, reaches, receives } from './fixtures.js';

export const busEndingCases: BusCases = [
  [
    'send before open loses the message, and does not throw',
    async (fleet) => {
      const [sender, receiver] = [await fleet.create(), await fleet.open()];
      sender.bus.send(receiver.address, 'too early');
      await sender.open();
      sender.bus.send(receiver.address, 'in time');
      await receives(receiver, ['in time']);
      assert.ok(!receiver.messages.includes('too early'));
    },
  ],
  [
    'send after close loses the message, and does not throw',
    async (fleet) => {
      const [sender, receiver, third] = [
        await fleet.open(),
        await fleet.open(),
        await fleet.open(),
      ];
      await sender.close();
      sender.bus.send(receiver.address, 'too late');
      await reaches(third, receiver);
      assert.ok(!receiver.messages.includes('too late'));
    },
  ],
  [
    'nothing is delivered after close, and the others continue',
    async (fleet) => {
      const [sender, closed, third] = [await fleet.open(), await fleet.open(), await fleet.open()];
      sender.bus.send(closed.address, 'before');
      await receives(closed, ['before']);
      await closed.close();
      const count = closed.messages.length;
      sender.bus.send(closed.address, 'after');
      await reaches(sender, third);
      assert.equal(closed.messages.length, count);
      assert.deepEqual(closed.problems, []);
    },
  ],
  [
    'a new bus with the address of one that was closed receives its messages',
    async (fleet) => {
      const [sender, old, next] = [await fleet.open(), await fleet.open(), await fleet.create()];
      await old.close();
      await next.bus.open(old.address, next);
      sender.bus.send(old.address, 'to the next');
      await receives(next, ['to the next']);
      await next.bus.close();
    },
  ],
];
