import { describe, it } from '@jest/globals';

type Describe = (title: string, tests: () => void) => void;
type It = (title: string, test: () => Promise<void> | void, timeoutMs?: number) => void;

/** The reporter reads the reason back from the title, for the end of the run. */
const tag = (title: string, reason: string) => `${title} [skipped: ${reason}]`;

/**
 * Returns the `describe` for tests that need something of this machine. Without it they are skipped, which
 * the end of the run reports; in CI they fail.
 *
 * @param missing the sentence about what is missing, or null when it is there
 */
export function describeNeeding(missing: string | null): Describe {
  if (missing === null) return describe;
  if (!process.env['CI']) return (title, tests) => describe.skip(tag(title, missing), tests);
  return (title) =>
    describe(title, () => {
      it('has what it needs', () => {
        throw new Error(missing);
      });
    });
}

/** Returns the `describe` for tests that this platform or Node version cannot run, also in CI. */
export function describeOnly(unless: string | null): Describe {
  return unless === null ? describe : (title, tests) => describe.skip(tag(title, unless), tests);
}

/** Returns the `it` for a test that this platform or Node version cannot run, also in CI. */
export function itOnly(unless: string | null): It {
  return unless === null
    ? it
    : (title, test, timeoutMs) => it.skip(tag(title, unless), test, timeoutMs);
}
