// A model on loopback. It answers every request with one word immediately, or with many words one by one.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const EVENTS = [
  {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'model',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'word' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 1 },
  },
  { type: 'message_stop' },
];
const FRAMES = EVENTS.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
const WORD = EVENTS.findIndex(({ type }) => type === 'content_block_delta');

/** Starts the model. Resolves to its address and a function that stops it. */
export async function startMessagesApi({ words = 1, everyMs = 0 } = {}) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      void answer(response, words, everyMs);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(response, words, everyMs) {
  if (words === 1) return response.end(FRAMES.join(''));
  response.write(FRAMES.slice(0, WORD).join(''));
  for (let word = 0; word < words && !response.destroyed; word += 1) {
    const hasRoom = response.write(FRAMES[WORD]);
    /* oxlint-disable no-await-in-loop -- sets the pace */
    if (everyMs > 0) await delay(everyMs);
    else if (!hasRoom) await new Promise((resolve) => response.once('drain', resolve));
    /* oxlint-enable no-await-in-loop */
  }
  return response.end(FRAMES.slice(WORD + 1).join(''));
}
