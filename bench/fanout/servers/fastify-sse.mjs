// Fastify with its own plugin.
import sse from '@fastify/sse';
import fastify from 'fastify';

export async function openFastifySse({ keeps }) {
  const streams = new Set();
  const kept = [];
  let seq = 0;
  const app = fastify();
  await app.register(sse);
  app.get('/', { sse: 'only' }, async (_, reply) => {
    const stream = reply.sse;
    stream.keepAlive();
    stream.sendHeaders();
    reply.raw.flushHeaders();
    await stream.replay(async (after) => {
      // oxlint-disable-next-line no-await-in-loop -- it waits while the client does not read
      for (const message of kept.slice(after)) await stream.send(message);
    });
    streams.add(stream);
    stream.onClose(() => streams.delete(stream));
  });
  return {
    url: await app.listen({ port: 0, host: '127.0.0.1' }),
    path: '/',
    lastId: () => seq,
    say: (text) => {
      seq += 1;
      const data = { message_id: 'm', delta: { type: 'text', text } };
      const message = { id: String(seq), event: 'message_delta', data };
      if (keeps) kept.push(message);
      for (const stream of streams) void stream.send(message);
    },
  };
}
