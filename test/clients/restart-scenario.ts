import { eventually } from '../support/eventually.js';
import type { Running } from './recipes.js';
import type { RestartableServer } from './restartable-server.js';

/** More than 64 kB in one line, and characters of 1 to 4 bytes. */
export const LARGE_TEXT = 'aä€😀'.repeat(10_000);

const LIMIT_MS = 60_000;

/**
 * A conversation that all programs follow from its start: a large message, then a long one during
 * which the server is killed and restarted, and one more. Then the session is deleted.
 *
 * @returns the text that each program must have shown
 */
export async function playRestart(
  server: RestartableServer,
  session: string,
  programs: readonly Running[],
): Promise<string> {
  const allShow = (words: RegExp) => Promise.all(programs.map((program) => shows(program, words)));
  await server.say(session, LARGE_TEXT);
  await allShow(/help\.$/);
  await server.say(session, 'long');
  await allShow(/ 5 /);
  await server.kill();
  await server.start();
  await server.say(session, 'And then?');
  await allShow(/And then\?.*help\.$/s);
  const events = await server.events(session);
  await server.delete(session);
  return events
    .filter(({ event }) => event === 'message_delta')
    .map(({ data }) => data.delta?.text ?? '')
    .join('');
}

/** Waits until the end of the text matches. @throws Error that names the program */
async function shows(program: Running, words: RegExp): Promise<void> {
  const read = async () => (await program.text()).slice(-300);
  try {
    await eventually(read, (end) => words.test(end), LIMIT_MS);
  } catch (error) {
    throw new Error(`${program.file} does not show ${words}.`, { cause: error });
  }
}
