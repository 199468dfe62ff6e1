// A Redis server of this benchmark, which stores nothing.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';

/** Starts a server. Resolves to null, with a warning, if the program is not installed. */
export async function startRedis() {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
  } catch {
    console.warn('Skipped Redis: there is no redis-server on the PATH.');
    return null;
  }
  const port = await findFreePort();
  const address = ['--port', String(port), '--bind', '127.0.0.1'];
  const nothingStored = ['--save', '', '--appendonly', 'no', '--dir', tmpdir()];
  const child = spawn('redis-server', [...address, ...nothingStored], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await Promise.race([
    readLine(child, 'Ready to accept connections'),
    exited.then(() => Promise.reject(new Error('redis-server did not start.'))),
  ]);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

function readLine(child, words) {
  return new Promise((resolve) => {
    createInterface(child.stdout).on('line', (line) => line.includes(words) && resolve());
  });
}

async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
