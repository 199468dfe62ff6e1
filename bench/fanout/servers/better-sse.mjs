// better-sse as its documentation has it: a channel on `node:http`.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';

export async function openBetterSse({ keeps }) {
  const channel = createChannel();
  const kept = [];
  let seq = 0;
  const http = createServer((request, response) => void follow(request, response));

  async function follow(request, response) {
    const session = await createSession(request, response);
    for (const { data, id } of kept.slice(session.lastId)) session.push(data, 'message_delta', id);
    channel.register(session);
  }

  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    path: '/',
    lastId: () => seq,
    say: (text) => {
      seq += 1;
      const data = { message_id: 'm', delta: { type: 'text', text } };
      const id = String(seq);
      if (keeps) kept.push({ data, id });
      channel.broadcast(data, 'message_delta', { eventId: id });
    },
  };
}
