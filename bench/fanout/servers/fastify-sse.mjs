// Fastify with its official plugin.
import sse from '@fastify/sse';
import fastify from 'fastify';

export async function openFastifySse({ retains }) {
  const streams = new Set();
  const retained = [];
  let seq = 0;
  const app = fastify();
  await app.register(sse);
  app.get('/', { sse: 'only' }, async (_, reply) => {
    const stream = reply.sse;
    stream.keepAlive();
    stream.sendHeaders();
    reply.raw.flushHeaders();
    await stream.replay(async (after) => {
      // oxlint-disable-next-line no-await-in-loop -- waits while the client does not read
      for (const message of retained.slice(after)) await stream.send(message);
    });
    streams.add(stream);
    stream.onClose(() => streams.delete(stream));
  });
  return {
    url: await app.listen({ port: 0, host: '127.0.0.1' }),
    path: '/',
    lastId: () => seq,
    publish: (text) => {
      seq += 1;
      const data = { message_id: 'm', delta: { type: 'text', text } };
      const message = { id: String(seq), event: 'message_delta', data };
      if (retains) retained.push(message);
      for (const stream of streams) void stream.send(message);
    },
  };
}
