// better-sse as its documentation shows it: a channel on `node:http`.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';

export async function openBetterSse({ retains }) {
  const channel = createChannel();
  const retained = [];
  let seq = 0;
  const http = createServer((request, response) => void subscribe(request, response));

  async function subscribe(request, response) {
    const session = await createSession(request, response);
    for (const { data, id } of retained.slice(session.lastId))
      session.push(data, 'message_delta', id);
    channel.register(session);
  }

  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    path: '/',
    lastId: () => seq,
    publish: (text) => {
      seq += 1;
      const data = { message_id: 'm', delta: { type: 'text', text } };
      const id = String(seq);
      if (retains) retained.push({ data, id });
      channel.broadcast(data, 'message_delta', { eventId: id });
    },
  };
}
