// How long the first word takes: from POST /sessions to the first delta, with an agent that is
// started then and with one that was started ahead; and from a message to a session that sleeps to
// the first delta, beside the SDK's own resume from a session store. The real agent, a model on loopback.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ask, said, start } from '../children.mjs';
import { save } from '../figures.mjs';
import { countSteps } from '../progress.mjs';
import { line, print } from '../targets.mjs';
import { startMessagesApi } from './messages-api.mjs';

const HEADERS = { 'content-type': 'application/json' };
const POST = { method: 'POST', headers: HEADERS };
const LINES = [
  ['POST /sessions, cold, ms', 'coldPostMs', { atMost: 10 }],
  ['POST /sessions to the first delta, cold, ms', 'coldMs'],
  ['POST /sessions, warm, ms', 'warmPostMs', { atMost: 10 }],
  ['POST /sessions to the first delta, warm, ms', 'warmMs'],
  ['warm / cold', 'warmByCold', { atMost: 0.4 }],
  ['wake from sleep to the first delta, ms', 'wakeMs'],
  ["the SDK's own resume to the first delta, ms", 'resumeMs'],
  ['wake / resume', 'wakeByResume', { atMost: 1 }],
];

/** How long an agent needs to be there ahead of its session, and to be gone when it sleeps. */
const SETTLED_MS = 2000;

export async function benchFirstWord(isBrief) {
  const repetitions = isBrief ? 1 : 20;
  const api = await startMessagesApi();
  const home = await realpath(await mkdtemp(join(tmpdir(), 'first-word-')));
  const [cold, warm] = [0, 1].map((warmPool) =>
    start(new URL('server.mjs', import.meta.url), [api.url, home, String(warmPool)]),
  );
  const rows = [];
  const begin = countSteps(repetitions + 1);
  try {
    const urls = await Promise.all([said(cold), said(warm)]);
    const [coldUrl, warmUrl] = urls.map(({ url }) => url);
    // The first time is the code's own: it is not counted.
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      begin(repetition === 0 ? 'warm-up' : `repetition ${repetition} of ${repetitions}`);
      // oxlint-disable-next-line no-await-in-loop -- side by side they would measure each other
      const row = await measure(cold, coldUrl, warmUrl, repetition % 2 === 0);
      if (repetition > 0) rows.push(row);
    }
    await Promise.all([ask(cold, { do: 'close' }), ask(warm, { do: 'close' })]);
  } finally {
    cold.kill();
    warm.kill();
    api.close();
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
  print(
    `First word: ${repetitions} repetition(s).`,
    LINES.map(([title, figure, target]) => [
      title,
      line(
        rows.map((row) => row[figure]),
        target,
      ),
    ]),
  );
  save('first-word', { rows });
}

/** Whatever comes second finds more in the system's caches, so waking and resuming take turns. */
async function measure(coldServer, coldUrl, warmUrl, isResumedFirst) {
  const warm = await firstWord(warmUrl);
  const cold = await firstWord(coldUrl);
  const resume = async () => {
    await sleeps(cold.session);
    return (await ask(coldServer, { do: 'resume', id: cold.id })).resumeMs;
  };
  const resumedFirst = isResumedFirst ? await resume() : null;
  await sleeps(cold.session);
  const woken = await word(cold.session);
  const wakeMs = woken.at - woken.said;
  const resumeMs = resumedFirst ?? (await resume());
  await Promise.all([warm, cold].map(({ session }) => fetch(session, { method: 'DELETE' })));
  return {
    coldPostMs: cold.postMs,
    coldMs: cold.firstMs,
    warmPostMs: warm.postMs,
    warmMs: warm.firstMs,
    warmByCold: warm.firstMs / cold.firstMs,
    wakeMs,
    resumeMs,
    wakeByResume: wakeMs / resumeMs,
  };
}

async function firstWord(url) {
  await delay(SETTLED_MS);
  const begun = performance.now();
  const created = await fetch(`${url}/sessions`, { ...POST, body: '{}' });
  const postMs = performance.now() - begun;
  const { session_id: id } = await created.json();
  const session = `${url}/sessions/${id}`;
  const { at } = await word(session);
  return { id, session, postMs, firstMs: at - begun };
}

/** Says something, and resolves to when, and to when the first delta of the answer came. */
async function word(session) {
  const { last_id: last } = await (await fetch(session)).json();
  const controller = new AbortController();
  const stream = await fetch(`${session}/stream`, {
    headers: { 'last-event-id': String(last) },
    signal: controller.signal,
  });
  const saidAt = performance.now();
  const body = JSON.stringify({ type: 'user_message', content: 'hi' });
  await fetch(`${session}/input`, { ...POST, body });
  let at = null;
  let text = '';
  for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (at === null && text.includes('event: message_delta')) at = performance.now();
    if (text.includes('event: result')) break;
  }
  controller.abort();
  return { said: saidAt, at };
}

async function sleeps(session) {
  for (;;) {
    /* oxlint-disable no-await-in-loop -- asks again until it is so */
    const { state } = await (await fetch(session)).json();
    if (state === 'dormant') return delay(SETTLED_MS);
    await delay(50);
    /* oxlint-enable no-await-in-loop */
  }
}
