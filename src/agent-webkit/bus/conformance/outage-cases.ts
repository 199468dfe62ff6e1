import assert from 'node:assert/strict';
import { type BusCases, eventually, reaches, receives } from './fixtures.js';

export const outageCases: BusCases = [
  [
    'a bus opens while its engine is away, reports that once, and connects later',
    async (fleet) => {
      const { engine } = fleet;
      if (!engine) return;
      await engine.stop();
      const [first, second] = [await fleet.open(), await fleet.open()];
      for (let count = 0; count < 100; count += 1) first.bus.send(second.address, 'may be lost');
      await engine.start();
      await reaches(first, second);
      await reaches(second, first);
      assert.equal(first.problems.length, 1, first.problems.join('\n'));
      assert.equal(second.problems.length, 1, second.problems.join('\n'));
    },
  ],
  [
    'a bus reports once that its engine is away, and connects again when it is back',
    async (fleet) => {
      const { engine } = fleet;
      if (!engine) return;
      const [first, second] = [await fleet.open(), await fleet.open()];
      first.bus.send(second.address, 'before');
      await receives(second, ['before']);
      assert.deepEqual(first.problems, []);
      await engine.stop();
      await eventually(
        () => first.problems.length > 0 && second.problems.length > 0,
        'Each bus reports the outage',
      );
      for (let count = 0; count < 100; count += 1) first.bus.send(second.address, 'may be lost');
      await engine.start();
      await reaches(first, second);
      await reaches(second, first);
      assert.equal(first.problems.length, 1, first.problems.join('\n'));
    },
  ],
  [
    'a bus closes while its engine is away, before and after it was connected',
    async (fleet) => {
      const { engine } = fleet;
      if (!engine) return;
      const [connected, never] = [await fleet.open(), await fleet.create()];
      await engine.stop();
      await never.open();
      const startedAt = performance.now();
      await Promise.all([connected.close(), never.close()]);
      assert.ok(performance.now() - startedAt < 5000, 'It takes less than 5 s.');
      connected.bus.send(never.address, 'too late');
      const counts = [connected.problems.length, never.problems.length];
      await engine.start();
      const [first, second] = [await fleet.open(), await fleet.open()];
      await reaches(first, second);
      assert.deepEqual([connected.problems.length, never.problems.length], counts);
    },
  ],
];
