// The minimal server: serializes each event once, and writes it to each open response.
import { once } from 'node:events';
import { createServer } from 'node:http';

export async function openRaw({ retains }) {
  const responses = new Set();
  const retained = [];
  let seq = 0;
  const http = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('\n');
    for (const frame of retained.slice(request.headers['last-event-id'] ?? 0))
      response.write(frame);
    responses.add(response);
    response.on('close', () => responses.delete(response));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    path: '/',
    lastId: () => seq,
    publish: (text) => {
      seq += 1;
      const data = JSON.stringify({ message_id: 'm', delta: { type: 'text', text } });
      const frame = Buffer.from(`id: ${seq}\nevent: message_delta\ndata: ${data}\n\n`);
      if (retains) retained.push(frame);
      for (const response of responses) response.write(frame);
    },
  };
}
