import assert from 'node:assert/strict';
import type { SandboxLimits } from '../../engine/agent-sandbox.js';
import { NO_LIMITS } from './run.js';
import type { SandboxCaseBody, SandboxCases } from './sandbox-case.js';

const MIB = 1024 ** 2;

type Limit = keyof SandboxLimits;

const withLimits = (limits: Partial<SandboxLimits>) => ({
  walls: { limits: { ...NO_LIMITS, ...limits } },
});

const CASES: Readonly<Partial<Record<Limit, readonly [string, SandboxCaseBody]>>> = {
  fileBytes: [
    'a file grows to its limit, and no further',
    async (world) => {
      const script = `
        (trap '' XFSZ; head -c 500000 /dev/zero > small && echo small)
        (trap '' XFSZ; head -c 3000000 /dev/zero > large && echo large) 2> /dev/null
        wc -c < large | tr -d ' '`;
      const { stdout } = await world.shell(script, withLimits({ fileBytes: MIB }));
      assert.match(stdout, /^small\n(\d+)\n$/);
      assert.ok(Number(/\d+/.exec(stdout)?.[0]) <= MIB, `A file of ${stdout} bytes was written.`);
    },
  ],
  processes: [
    'a program cannot have more processes than its limit',
    async (world) => {
      // A bomb with an end, for a sandbox that stops nothing.
      const script =
        'i=0; while [ $i -lt 200 ]; do sleep 9 & all="$all $!"; i=$((i + 1)); done; sleep 2; echo started; kill $all';
      const { stdout } = await world.shell(script, withLimits({ processes: 40 }));
      assert.doesNotMatch(stdout, /started/, 'Two hundred processes were started.');
    },
  ],
  memoryBytes: [
    'a program cannot have more memory than its limit',
    async (world) => {
      const script = `
        console.log('begun');
        const kept = [];
        for (let i = 0; i < 24; i += 1) kept.push(Buffer.alloc(${32 * MIB}, 1));
        setTimeout(() => console.log('kept ' + kept.length), 1500);`;
      const { stdout } = await world.node(script, withLimits({ memoryBytes: 512 * MIB }));
      assert.match(stdout, /^begun/);
      assert.doesNotMatch(stdout, /kept/, 'The program inside kept 768 MiB.');
    },
  ],
  cpuSeconds: [
    'a process cannot have more processor time than its limit',
    async (world) => {
      const script =
        'const end = process.uptime() + 8; while (process.uptime() < end); console.log("ran");';
      const { stdout } = await world.node(script, withLimits({ cpuSeconds: 1 }));
      assert.doesNotMatch(stdout, /ran/, 'The process inside ran for eight seconds.');
    },
  ],
  tempBytes: [
    'the temporary folder grows to its limit, and no further',
    async (world) => {
      const script =
        'cd "$TMPDIR"; head -c 500000 /dev/zero > a && echo small; head -c 3000000 /dev/zero > b && echo large; rm -f a b';
      const { stdout } = await world.shell(script, withLimits({ tempBytes: MIB }));
      assert.equal(stdout, 'small\n');
    },
  ],
};

/** Returns the cases about the limits that the sandbox holds. */
export function limitCases(limits: readonly Limit[]): SandboxCases {
  return limits.flatMap((limit) => {
    const found = CASES[limit];
    return found ? [found] : [];
  });
}
