import { eventually } from '../support/eventually.js';
import type { Running } from './recipes.js';
import type { Step, StubbornServer } from './stubborn-server.js';

/** Replaces the 45 seconds of the programs. */
export const SILENCE_S = 5;
/** How long a program may take, in milliseconds. Most of it is silence and `Retry-After`. */
export const LIMIT_MS = 50_000;
export const RETRY_AFTER_S = 2;

const delta = (id: string, text: string) => ({
  id,
  event: 'message_delta',
  data: { message_id: 'm', delta: { type: 'text', text }, time: '2026-11-26T16:07:14.938Z' },
});
const done = { id: 'end', event: 'done', data: { time: '2026-11-26T16:07:14.938Z' } };

/** Every kind of refusal and break, and then the end of the session. */
export const STEPS: readonly Step[] = [
  { status: 503, retryAfter: RETRY_AFTER_S },
  { status: 429, retryAfter: RETRY_AFTER_S },
  { events: [delta('e7', 'a')], ending: 'silence' },
  { status: 412 },
  { events: [delta('e9', 'a'), delta('e2-10', 'ä')], ending: 'break' },
  { events: [delta('e2-11', 'b')], ending: 'end' },
  { events: [delta('e2-40', 'c'), done], ending: 'end' },
];
/** A server that has nothing to say for twice the silence, but sends its keep-alive comments. */
export const QUIET: readonly Step[] = [
  {
    quiet: { comments: 6, everyMs: (SILENCE_S * 1000) / 3 },
    events: [delta('e1', 'a'), done],
    ending: 'end',
  },
];

/** The id that a client must send with each request. */
export const CURSORS = ['', '', '', 'e7', '', 'e2-10', 'e2-11'];
/** The text that a client must show. The reload after 412 shows its events again. */
export const SHOWN = 'aaäbc';

/** Breaks the stream in the middle of an event, and waits until the program has shown everything. */
export async function playRefusals(server: StubbornServer, program: Running): Promise<void> {
  const shows = (words: string) =>
    eventually(
      () => program.text(),
      (text) => text.includes(words),
      LIMIT_MS,
    );
  await shows('ä');
  server.break();
  await shows('c');
}
