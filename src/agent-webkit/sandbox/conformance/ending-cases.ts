import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { SandboxCases } from './sandbox-case.js';
import type { World } from './world.js';

/** Connects to the socket of the case, and starts a process that left its session and its parent, which does so too. */
const HOLD_ON = `
  const { spawn } = require('node:child_process');
  const connect = "const s = require('node:net').connect(process.env.SOCKET); s.on('error', () => {}).on('close', () => process.exit()).resume();" +
    "for (const name of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(name, () => {});";
  spawn('/bin/sh', ['-c', '(trap "" HUP TERM; "$0" -e "$1" > /dev/null 2>&1 < /dev/null &)', process.execPath, connect],
    { detached: true, stdio: 'ignore' });
  eval(connect);
`;

/** The connections of the programs inside: a program that ends loses its own. */
class Connections {
  readonly path: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #notify = () => {};

  constructor(private readonly world: World) {
    this.path = join(world.folder, 'held.sock');
    this.#server = createServer((socket) => {
      this.#open.add(socket);
      const forget = () => {
        this.#open.delete(socket);
        this.#notify();
      };
      socket.on('close', forget).on('error', forget).resume();
      this.#notify();
    });
    world.onEnd(() => {
      for (const socket of this.#open) socket.destroy();
      return new Promise((resolve) => this.#server.close(resolve));
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
  }

  /** Resolves when there are so many. */
  reach(count: number, message: string): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      const look = () => this.#open.size === count && resolve();
      this.#notify = look;
      look();
    });
    return this.world.inTime(reached, message);
  }
}

async function holdOn(world: World): Promise<Connections> {
  const connections = new Connections(world);
  await connections.listen();
  return connections;
}

/** The end of a program, of its sandbox and of the server. */
export const endingCases: SandboxCases = [
  [
    'the exit code of a program is reported',
    async (world) => {
      assert.equal((await world.shell('exit 0')).code, 0);
      assert.equal((await world.shell('exit 3')).code, 3);
      const { code, signal } = await world.shell('kill -KILL $$');
      assert.ok(code === 137 || signal === 'SIGKILL', `Ended with ${code ?? signal}.`);
    },
  ],
  [
    'a program that closes its output is seen while it lives on',
    async (world) => {
      const script = 'echo written; exec >&-; read -r line; exit 7';
      const started = world.start(world.command('/bin/sh', ['-c', script]));
      started.stdout.resume();
      await world.inTime(once(started.stdout, 'end'), 'The closed output is not seen.');
      assert.equal(started.exitCode, null, 'The program has ended.');
      const ended = new Promise((resolve) => started.once('exit', resolve));
      started.stdin.end('\n');
      assert.equal(await world.inTime(ended, 'The program inside does not end.'), 7);
    },
  ],
  [
    'SIGTERM reaches the program',
    async (world) => {
      const script = 'trap "echo asked; exit 7" TERM; echo ready; while :; do sleep 0.1; done';
      const started = world.start(world.command('/bin/sh', ['-c', script]));
      const ended = world.end(started);
      await world.inTime(once(started.stdout, 'data'), 'The program inside does not start.');
      started.kill('SIGTERM');
      const { code, stdout } = await ended;
      assert.equal(stdout, 'ready\nasked\n');
      assert.equal(code, 7);
    },
  ],
  [
    'SIGKILL ends a program with everything that it started',
    async (world) => {
      const connections = await holdOn(world);
      const started = world.startNode(HOLD_ON, {
        walls: { sockets: [connections.path] },
        env: { SOCKET: connections.path },
      });
      await connections.reach(2, 'The programs inside do not start.');
      started.kill('SIGKILL');
      await connections.reach(0, 'A program inside outlives SIGKILL.');
    },
  ],
  [
    'everything inside ends with the program',
    async (world) => {
      // Without this promise, the server looks for what is left.
      if (!world.subject.sandbox.endsWithServer) return;
      const connections = await holdOn(world);
      const script = HOLD_ON.replace(
        'eval(connect)',
        'eval(connect); process.stdin.resume().on("end", () => process.exit())',
      );
      const started = world.startNode(script, {
        walls: { sockets: [connections.path] },
        env: { SOCKET: connections.path },
      });
      await connections.reach(2, 'The programs inside do not start.');
      started.stdin.end();
      await connections.reach(0, 'A program inside outlives the one that started it.');
    },
  ],
  [
    'everything inside ends when the server is killed',
    async (world) => {
      const { startServer, sandbox } = world.subject;
      if (!sandbox.endsWithServer || !startServer) return;
      const connections = await holdOn(world);
      const command = world.command(process.execPath, ['-e', HOLD_ON], {
        env: { SOCKET: connections.path },
      });
      const server = startServer(command, { ...world.walls, sockets: [connections.path] });
      world.onEnd(() => server.kill('SIGKILL'));
      await connections.reach(2, 'The programs inside do not start.');
      server.kill('SIGKILL');
      await connections.reach(0, 'A program inside outlives the server.');
    },
  ],
  [
    'a program that does not exist is reported, and nothing throws',
    async (world) => {
      const started = world.start(world.command('/nonexistent/program', []));
      const failed = await world.end(started).then(
        ({ code }) => code !== 0,
        () => true,
      );
      assert.ok(failed, 'A program that does not exist ended with status 0.');
    },
  ],
];
