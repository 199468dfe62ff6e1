import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { DecisionCheck, type VerifiedSession } from './decision-check.js';

/** The exit codes: every line is right, a line is wrong, the file cannot be read. */
const EXIT_CODES = { right: 0, wrong: 1, unreadable: 2 } as const;

/**
 * Verifies an export of decisions, and prints the result.
 *
 * @param file the path of the file; `-` for the standard input
 * @returns the exit code of the program
 */
export async function verifyFile(
  file: string,
  input: Readable = file === '-' ? process.stdin : createReadStream(file),
): Promise<number> {
  const check = new DecisionCheck();
  let number = 0;
  try {
    const failed = new Promise<never>((_, reject) => input.once('error', reject));
    const lines = createInterface({ input, crlfDelay: Infinity });
    const read = async () => {
      for await (const line of lines) {
        number += 1;
        const problem = check.add(line);
        if (problem !== null) return `Line ${number} is wrong: ${problem}\n`;
      }
      return null;
    };
    const problem = await Promise.race([read(), failed]);
    process.stdout.write(problem ?? describe(check));
    return problem === null ? EXIT_CODES.right : EXIT_CODES.wrong;
  } catch (error) {
    process.stderr.write(`Cannot read ${file}: ${(error as Error).message}\n`);
    return EXIT_CODES.unreadable;
  } finally {
    input.destroy();
  }
}

function describe({ decisions, withoutInput, sessions }: DecisionCheck): string {
  const lines = [
    `${count(decisions, 'decision')} of ${count(sessions.length, 'session')}: every line is right.`,
    ...sessions.map(describeSession),
    ...(withoutInput === 0
      ? []
      : [`${count(withoutInput, 'line')} without an input: only its digest was checked.`]),
  ];
  return `${lines.join('\n')}\n`;
}

function describeSession({ id, first, last, hash }: VerifiedSession): string {
  const missing =
    first === 1
      ? 'none before them is missing'
      : `${count(first - 1, 'earlier decision')} not in the file`;
  return `Session ${id}: decisions ${first} to ${last}, ${missing}. The last hash is ${hash}.`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
