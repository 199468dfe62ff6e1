import type { Server } from 'node:http';
import { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';

const REQUEST = [
  'POST / HTTP/1.1',
  'Host: localhost',
  'Content-Type: application/json; charset=utf-8',
  'Content-Length: 2',
  'Connection: close',
  '',
  '{}',
].join('\r\n');

/**
 * Serves one request that no route answers, without a network connection. Libraries load modules at their
 * first request, such as the encodings of bodies. Later, the process may have no file descriptor left to
 * read them.
 */
export async function warmUp(server: Server): Promise<void> {
  const connection = new Duplex({
    read() {},
    write: (_bytes, _encoding, done) => done(),
  });
  server.emit('connection', connection);
  connection.push(REQUEST);
  await finished(connection, { readable: false });
  connection.destroy();
}
