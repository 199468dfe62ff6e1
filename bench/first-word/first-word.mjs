// Measures the time to the first delta, with the real agent and a model on loopback: from POST /sessions,
// with an agent that is started then (cold) and one from the warm pool; and from a message to a dormant
// session, compared with the SDK's own resume from a session store. Agents run in the sandbox; the first word
// is also measured without it, in turn, by servers that run at the same time. Otherwise, the servers have the
// default configuration, and the client requests partial messages, as a user interface does.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ask, nextMessage, start } from '../children.mjs';
import { save } from '../figures.mjs';
import { countSteps } from '../progress.mjs';
import { line, print } from '../targets.mjs';
import { startMessagesApi } from './messages-api.mjs';

const HEADERS = { 'content-type': 'application/json' };
const POST = { method: 'POST', headers: HEADERS };
const CREATE = JSON.stringify({ include_partial_messages: true });
const LINES = [
  ['POST /sessions, cold, ms', 'coldPostMs', { atMost: 10 }],
  ['POST /sessions to the first delta, cold, ms', 'coldMs'],
  ['POST /sessions, warm pool, ms', 'warmPostMs', { atMost: 10 }],
  ['POST /sessions to the first delta, warm pool, ms', 'warmMs'],
  ['warm pool / cold', 'warmByCold', { atMost: 0.35 }],
  ['without the sandbox: to the first delta, cold, ms', 'openColdMs'],
  ['without the sandbox: to the first delta, warm pool, ms', 'openWarmMs'],
  ['with / without the sandbox, cold', 'coldByOpen', { atMost: 1.1 }],
  ['with / without the sandbox, warm pool', 'warmByOpen', { atMost: 1.1 }],
  ['message to a dormant session, to the first delta, ms', 'resumeMs'],
  ["the SDK's own resume from a store, ms", 'sdkResumeMs'],
  ["dormant session / the SDK's own resume", 'resumeBySdk', { atMost: 1 }],
];

/** How long to wait for the warm pool to start its agent, and for a dormant session's agent to exit. */
const SETTLED_MS = 2000;

export async function benchFirstWord(isBrief) {
  const repetitions = isBrief ? 1 : 20;
  const api = await startMessagesApi();
  const home = await realpath(await mkdtemp(join(tmpdir(), 'first-word-')));
  const servers = ['required', 'none'].flatMap((use) =>
    [0, 1].map((warmPool) =>
      start(new URL('server.mjs', import.meta.url), [api.url, home, String(warmPool), use]),
    ),
  );
  const [cold] = servers;
  const rows = [];
  const begin = countSteps(repetitions + 1);
  try {
    const urls = (await Promise.all(servers.map(nextMessage))).map(({ url }) => url);
    // The first run warms up the code. It is not counted.
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      begin(repetition === 0 ? 'warm-up' : `repetition ${repetition} of ${repetitions}`);
      // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
      const row = await measure(cold, urls, repetition % 2 === 0);
      if (repetition > 0) rows.push(row);
    }
    await Promise.all(servers.map((server) => ask(server, { do: 'close' })));
  } finally {
    for (const server of servers) server.kill();
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

/** The second of two measurements benefits from the system's caches, so they alternate in being first. */
async function measure(coldServer, [coldUrl, warmUrl, openColdUrl, openWarmUrl], isOtherFirst) {
  const [warm, openWarm] = await firstWords(warmUrl, openWarmUrl, isOtherFirst);
  const [cold, openCold] = await firstWords(coldUrl, openColdUrl, isOtherFirst);
  const resumeBySdk = async () => {
    await untilDormant(cold.session);
    return (await ask(coldServer, { do: 'resume', id: cold.id })).sdkResumeMs;
  };
  const firstMs = isOtherFirst ? await resumeBySdk() : null;
  await untilDormant(cold.session);
  const resumed = await sendMessage(cold.session);
  const resumeMs = resumed.deltaAt - resumed.sentAt;
  const sdkResumeMs = firstMs ?? (await resumeBySdk());
  const sessions = [warm, cold, openWarm, openCold].map(({ session }) => session);
  await Promise.all(sessions.map((session) => fetch(session, { method: 'DELETE' })));
  return {
    coldPostMs: cold.postMs,
    coldMs: cold.firstMs,
    warmPostMs: warm.postMs,
    warmMs: warm.firstMs,
    warmByCold: warm.firstMs / cold.firstMs,
    openColdMs: openCold.firstMs,
    openWarmMs: openWarm.firstMs,
    coldByOpen: cold.firstMs / openCold.firstMs,
    warmByOpen: warm.firstMs / openWarm.firstMs,
    resumeMs,
    sdkResumeMs,
    resumeBySdk: resumeMs / sdkResumeMs,
  };
}

/** Measures with and without the sandbox. */
async function firstWords(url, openUrl, isOpenFirst) {
  const early = isOpenFirst ? await firstWord(openUrl) : null;
  const walled = await firstWord(url);
  return [walled, early ?? (await firstWord(openUrl))];
}

async function firstWord(url) {
  await delay(SETTLED_MS);
  const startedAt = performance.now();
  const created = await fetch(`${url}/sessions`, { ...POST, body: CREATE });
  const postMs = performance.now() - startedAt;
  const { session_id: id } = await created.json();
  const session = `${url}/sessions/${id}`;
  const { deltaAt } = await sendMessage(session);
  return { id, session, postMs, firstMs: deltaAt - startedAt };
}

/** Sends a message. Resolves to the time it was sent, and the time the first delta was received. */
async function sendMessage(session) {
  const { last_id: last } = await (await fetch(session)).json();
  const controller = new AbortController();
  const stream = await fetch(`${session}/stream`, {
    headers: { 'last-event-id': String(last) },
    signal: controller.signal,
  });
  const sentAt = performance.now();
  const body = JSON.stringify({ type: 'user_message', content: 'hi' });
  await fetch(`${session}/input`, { ...POST, body });
  let deltaAt = null;
  let text = '';
  for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (deltaAt === null && text.includes('event: message_delta')) deltaAt = performance.now();
    if (text.includes('event: result')) break;
  }
  controller.abort();
  return { sentAt, deltaAt };
}

async function untilDormant(session) {
  for (;;) {
    /* oxlint-disable no-await-in-loop -- polls the server */
    const { state } = await (await fetch(session)).json();
    if (state === 'dormant') return delay(SETTLED_MS);
    await delay(50);
    /* oxlint-enable no-await-in-loop */
  }
}
