// How long the first word takes: from POST /sessions to the first delta, with an agent that is
// started then and with one that was started ahead; and from a message to a session that sleeps to
// the first delta, beside the SDK's own resume from a session store. The real agent, a model on loopback.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { query } from '@anthropic-ai/claude-agent-sdk';
import { NestFactory } from '@nestjs/core';
import { AgentWebkitModule, claudeSdkFactory, MemoryStorage } from '../../dist/index.js';
import { save, spread } from '../figures.mjs';
import { agentOptions } from './agent-options.mjs';
import { startMessagesApi } from './messages-api.mjs';

const HEADERS = { 'content-type': 'application/json' };
const LINES = [
  ['POST /sessions, cold, ms', 'coldPostMs'],
  ['POST /sessions to the first delta, cold, ms', 'coldMs'],
  ['POST /sessions, warm, ms', 'warmPostMs'],
  ['POST /sessions to the first delta, warm, ms', 'warmMs'],
  ['warm / cold', 'warmByCold'],
  ['wake from sleep to the first delta, ms', 'wakeMs'],
  ["the SDK's own resume to the first delta, ms", 'resumeMs'],
  ['wake / resume', 'wakeByResume'],
];

export async function benchFirstWord(isBrief) {
  const repetitions = isBrief ? 1 : 5;
  const api = await startMessagesApi();
  const root = await realpath(await mkdtemp(join(tmpdir(), 'first-word-')));
  const options = agentOptions(api.url, root);
  const rows = [];
  try {
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      // oxlint-disable-next-line no-await-in-loop -- side by side they would measure each other
      rows.push(await measure(options, root));
    }
  } finally {
    api.close();
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
  console.log(
    `First word: ${repetitions} repetition(s); median (min-max). Node ${process.version}`,
  );
  const table = LINES.map(([title, figure]) => [
    title,
    { measured: spread(rows.map((row) => row[figure])) },
  ]);
  console.table(Object.fromEntries(table));
  save('first-word', { rows });
}

async function measure(options, cwd) {
  const cold = await firstWord(options, cwd, 0);
  const warm = await firstWord(options, cwd, 1);
  return {
    coldPostMs: cold.postMs,
    coldMs: cold.firstMs,
    warmPostMs: warm.postMs,
    warmMs: warm.firstMs,
    warmByCold: warm.firstMs / cold.firstMs,
    wakeMs: cold.wakeMs,
    resumeMs: cold.resumeMs,
    wakeByResume: cold.wakeMs / cold.resumeMs,
  };
}

async function firstWord(options, cwd, warmPool) {
  const storage = new MemoryStorage();
  const app = await NestFactory.create(
    AgentWebkitModule.forRoot({
      auth: 'none',
      sdkFactory: claudeSdkFactory(options),
      storage,
      workspace: cwd,
      includePartialMessages: true,
      warmPool,
      idleTimeoutMs: 1000,
    }),
    { logger: false, forceCloseConnections: true },
  );
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  try {
    // Ahead is ahead: an agent needs half a second until it waits for its first message.
    if (warmPool > 0) await new Promise((resolve) => setTimeout(resolve, 2000));
    const begun = performance.now();
    const created = await fetch(`${url}/sessions`, {
      method: 'POST',
      headers: HEADERS,
      body: '{}',
    });
    const { session_id: id } = await created.json();
    const postMs = performance.now() - begun;
    const firstMs = (await word(url, id)) - begun;
    if (warmPool > 0) return { postMs, firstMs };
    await sleeps(url, id);
    const woken = performance.now();
    const wakeMs = (await word(url, id)) - woken;
    await sleeps(url, id);
    return { postMs, firstMs, wakeMs, resumeMs: await resume(options, cwd, storage, id) };
  } finally {
    await app.close();
  }
}

/** Says something, and resolves to when the first delta of the answer came. */
async function word(url, id) {
  const { last_id: last } = await (await fetch(`${url}/sessions/${id}`)).json();
  const controller = new AbortController();
  const stream = await fetch(`${url}/sessions/${id}/stream`, {
    headers: { 'last-event-id': String(last) },
    signal: controller.signal,
  });
  const body = JSON.stringify({ type: 'user_message', content: 'hi' });
  await fetch(`${url}/sessions/${id}/input`, { method: 'POST', headers: HEADERS, body });
  let at = null;
  let text = '';
  for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (at === null && text.includes('event: message_delta')) at = performance.now();
    if (text.includes('event: result')) break;
  }
  controller.abort();
  return at;
}

async function sleeps(url, id) {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- asks again until it is so
    const { state } = await (await fetch(`${url}/sessions/${id}`)).json();
    if (state === 'dormant') return;
  }
}

/** The same conversation, resumed by the SDK alone. */
async function resume(options, cwd, { transcripts }, id) {
  const begun = performance.now();
  const messages = query({
    prompt: 'hi',
    options: {
      ...options,
      cwd,
      resume: id,
      sessionStore: transcripts,
      includePartialMessages: true,
    },
  });
  let at = null;
  for await (const { type, event } of messages) {
    if (at === null && type === 'stream_event' && event.type === 'content_block_delta') {
      at = performance.now();
    }
  }
  return at - begun;
}
