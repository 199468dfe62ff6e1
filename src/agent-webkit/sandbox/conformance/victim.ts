import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from './world.js';

/**
 * A process of the server. It has the secret in its command line, its environment, its memory and an open file
 * that no folder contains. It answers SIGURG, which every other process ignores, with a file.
 */
const PROGRAM = `
  const fs = require('node:fs');
  const file = fs.openSync('unlinked', 'r');
  fs.unlinkSync('unlinked');
  process.on('SIGURG', () => fs.writeFileSync('signalled', ''));
  process.stdin.resume().on('end', () => setImmediate(() => process.exit(0)));
  console.log('ready');
`;

export class Victim {
  readonly #process: ChildProcess;
  readonly #world: World;
  #hasEnded = false;

  private constructor(process: ChildProcess, world: World) {
    this.#process = process;
    this.#world = world;
    process.once('exit', () => (this.#hasEnded = true));
  }

  static async start(world: World): Promise<Victim> {
    const { server, secret, id } = world;
    await writeFile(join(server, 'unlinked'), secret);
    const started = spawn(process.execPath, ['-e', PROGRAM, id, secret], {
      cwd: server,
      env: { CASE: id, VICTIM_SECRET: secret },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await world.inTime(once(started.stdout, 'data'), 'The process outside does not start.');
    return new Victim(started, world);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** True while it runs and has received no signal. */
  async isUntouched(): Promise<boolean> {
    // What it does for a signal is done when it answers that its input has ended.
    if (!this.#hasEnded) {
      const ended = once(this.#process, 'exit');
      this.#process.stdin?.end();
      const [code] = (await this.#world.inTime(ended, 'The process outside does not end.')) as [
        number | null,
      ];
      if (code !== 0) return false;
    } else return false;
    const signalled = join(this.#world.server, 'signalled');
    return (await readFile(signalled).catch(() => null)) === null;
  }

  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
