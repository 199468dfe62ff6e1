import { expect, it } from '@jest/globals';
import { type SandboxConformanceOptions, sandboxConformance } from '../../src/testing.js';
import { describeOnly } from '../support/needs.js';
import { runConformance, USERS } from './conformance-run.js';
import { openSandbox, PASS_WITHOUT_WALLS } from './open-sandbox.js';

const LIMITS = ['fileBytes', 'processes', 'memoryBytes', 'cpuSeconds', 'tempBytes'] as const;

/** The attempts that an ordinary user cannot make, with or without walls. */
const ONLY_ROOT = [
  'the settings of the kernel cannot be written',
  'the devices of the machine cannot be changed',
];

const describeLinux = describeOnly(
  process.platform === 'linux' ? null : 'Some of the attempts are made by /proc, which Linux has.',
);

describeLinux('The conformance cases of sandboxes', () => {
  it.each(USERS)(
    'fail for a sandbox that stops nothing, as %s',
    async (user) => {
      const options: SandboxConformanceOptions = { limits: LIMITS, limitMs: 5000 };
      const module = { module: 'test/sandbox/open-sandbox.ts', name: 'openSandbox' };
      const errors = await runConformance(user, module, options);

      const names = sandboxConformance(openSandbox, options).map(({ name }) => name);
      const passed = names.filter((name) => errors.get(name) === null);
      const expected =
        user === 'nobody' ? [...PASS_WITHOUT_WALLS, ...ONLY_ROOT] : PASS_WITHOUT_WALLS;
      expect(passed.sort()).toEqual([...expected].sort());
      expect([...errors.keys()].sort()).toEqual(names.sort());
    },
    120_000,
  );
});
