import { execFileSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { describeNeeding } from '../support/needs.js';
import { runConformance, USERS } from './conformance-run.js';

const LIMITS = ['fileBytes', 'processes', 'memoryBytes', 'cpuSeconds', 'tempBytes'] as const;

function missing(): string | null {
  try {
    for (const program of ['bwrap', 'socat']) execFileSync('which', [program]);
    return null;
  } catch {
    return 'Install bubblewrap and socat: apt-get install bubblewrap socat.';
  }
}

describeNeeding(missing())('The bubblewrap sandbox', () => {
  it.each(USERS)(
    'stops each escape attempt of the conformance cases, as %s',
    async (user) => {
      const module = 'src/agent-webkit/sandbox/bubblewrap/bubblewrap-sandbox.ts';
      const errors = await runConformance(
        user,
        { module, name: 'bubblewrapSandbox' },
        { limits: LIMITS },
      );

      expect(errors.size).toBeGreaterThan(50);
      expect([...errors].filter(([, error]) => error !== null)).toEqual([]);
    },
    120_000,
  );
});
