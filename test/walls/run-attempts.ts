import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attempt } from './attempt.js';
import type { Attacker } from './attacker.js';
import type { WallsWorld } from './walls-world.js';

const PARALLEL = 6;

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Runs all attempts in one call of Bash, each in a folder of its own. Resolves to the output of those that
 * succeeded, by their names.
 */
export async function runAttempts(
  world: WallsWorld,
  attacker: Attacker,
  attempts: readonly Attempt[],
): Promise<Map<string, string>> {
  const exports = Object.entries(world.variables).map(
    ([name, value]) => `export ${name}=${quote(value)}`,
  );
  const runs = attempts.flatMap(({ script }, index) => [
    `( mkdir -p w/${index}; cd w/${index}; timeout 20 bash -c ${quote(script)} > ../../out/${index} 2>&1 < /dev/null; printf '\\nran\\n' >> ../../out/${index} ) &`,
    ...(index % PARALLEL === PARALLEL - 1 ? ['wait'] : []),
  ]);
  const script = ['mkdir -p w out', ...exports, ...runs, 'wait', 'echo all ran'].join('\n');
  const result = await attacker.bash(
    `echo ${Buffer.from(script).toString('base64')} | base64 -d > run.sh; bash run.sh`,
  );
  if (!result.includes('all ran')) throw new Error(`The attempts did not run: ${result}`);
  const succeeded = new Map<string, string>();
  for (const [index, { name, hasEffect }] of attempts.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one file after the other
    const output = await readFile(join(world.attackerFolder, 'out', String(index)), 'latin1');
    if (!/^ran$/m.test(output)) throw new Error(`${name} did not run: ${output.slice(0, 500)}`);
    // oxlint-disable-next-line no-await-in-loop -- as above
    const hasSucceeded = hasEffect ? await hasEffect(world) : reached(world, output);
    if (hasSucceeded) succeeded.set(name, output.slice(0, 1000));
  }
  return succeeded;
}

/** True when the output of an attempt shows what it must not reach. */
export function reached({ secret }: WallsWorld, output: string): boolean {
  return output.includes(secret) || /^.*REACHED$/m.test(output);
}
