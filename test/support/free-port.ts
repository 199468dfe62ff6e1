import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Ports below those that Linux, macOS and Windows give to outgoing connections. */
const FIRST = 20_000;
const AFTER_LAST = 32_768;

/**
 * Returns a port that nothing listens on, for a server that cannot report which one it was given. No
 * outgoing connection has it: one that polls the port before the server listens could be given the same
 * port, and would be connected to itself.
 */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, AFTER_LAST);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      // oxlint-disable-next-line no-await-in-loop -- another port is tried only when this one is in use
      await once(server, 'listening');
    } catch {
      continue;
    }
    server.close();
    // oxlint-disable-next-line no-await-in-loop -- so is this
    await once(server, 'close');
    return port;
  }
}
