import { spawn, type ChildProcess } from 'node:child_process';
import { createCopyRemoval, type LocalCopies, RESUME_FOLDER } from './local-copies.js';
import { createProcessSweep, MARKER_VARIABLE, type ProcessSweep } from './process-sweep.js';

/** A line on the warden's standard input: an order to exit, or the current copies to remove in the end. */
type Order = 'dismissed' | LocalCopies[];

/**
 * A small process that outlives the server: it ends the processes that the server's agents left
 * running, and removes the files that they left on the disk.
 *
 * It runs while there are agents: the first `watch` starts it, and the last release dismisses it with
 * a line on its standard input. That input is a pipe that the kernel closes when the server ends,
 * whatever the signal. When the pipe ends without that line, the warden cleans up and exits. It has a
 * session of its own and ignores the signals that stop a server, because a terminal or a service
 * manager sends them to all processes at once, while the server may still have agents to close.
 *
 * A warden that is killed while it watches is replaced at once. If it exits by itself, it is broken:
 * the server emits a process warning, and the next `watch` starts another one.
 *
 * It does not run on Windows, see {@link createProcessSweep}.
 */
export class Warden {
  readonly #marker: string;
  #child: ChildProcess | undefined;
  /** One entry per agent. */
  readonly #watches = new Set<{ copies: LocalCopies | null }>();

  /** @param marker the common prefix of the markers of this server's agents */
  constructor(marker: string) {
    this.#marker = marker;
  }

  /** The process id of the running warden; undefined when none runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Call this before an agent is spawned. Returns the function to call when the agent is gone. */
  watch(copies: LocalCopies | null = null): () => void {
    const watch = { copies };
    this.#watches.add(watch);
    this.#ensureRunning();
    this.update();
    return () => {
      if (!this.#watches.delete(watch)) return;
      if (this.#watches.size > 0) return this.update();
      this.#send('dismissed');
      this.#child?.stdin?.end();
      this.#child = undefined;
    };
  }

  /** Sends the copies again. Call this when they have changed. */
  update(): void {
    this.#send([...this.#watches].flatMap(({ copies }) => copies ?? []));
  }

  #send(order: Order): void {
    this.#child?.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  #ensureRunning(): void {
    if (this.#child !== undefined || process.platform === 'win32') return;
    const child = spawn(process.execPath, ['-e', wardenSource(this.#marker)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      // Neither the server's folder, which could not be unmounted then, nor its secrets.
      cwd: '/',
      env: { PATH: process.env['PATH'] },
    });
    this.#child = child;
    child.unref();
    const stdin = child.stdin as typeof child.stdin & { unref(): void };
    stdin.unref();
    // The pipe of a dead warden breaks. The exit event reports its end.
    stdin.on('error', () => {});
    child.on('error', (error) => this.#warn(child, error.message));
    child.on('exit', (code, signal) => {
      if (signal === null) this.#warn(child, `exit code ${code}`);
      else if (this.#forget(child) && this.#watches.size > 0) {
        this.#ensureRunning();
        this.update();
      }
    });
  }

  #warn(child: ChildProcess, reason: string): void {
    if (!this.#forget(child)) return;
    process.emitWarning(
      `The cleanup process of this server ended unexpectedly (${reason}). ` +
        'If the server is killed, its agents may keep running.',
    );
  }

  #forget(child: ChildProcess): boolean {
    if (this.#child !== child) return false;
    this.#child = undefined;
    return true;
  }
}

/**
 * Returns the source text of the warden's program. It is not a separate file so that it works from
 * `dist`, from `src` and in a bundle, where a missing file would be noticed only after a server was
 * killed.
 */
function wardenSource(marker: string): string {
  // esbuild's keepNames wraps functions by this name.
  const prelude = 'const __name = (target) => target;';
  const sweep = `(${createProcessSweep.toString()})(${JSON.stringify(MARKER_VARIABLE)})`;
  const removeCopies = `(${createCopyRemoval.toString()})(${JSON.stringify(RESUME_FOLDER)})`;
  return `${prelude}(${keepWatch.toString()})(${sweep}, ${removeCopies}, ${JSON.stringify(marker)});`;
}

/* istanbul ignore next: the source text of the function runs in another process */
function keepWatch(
  { sweep }: ProcessSweep,
  removeCopies: (copies: LocalCopies) => Promise<void>,
  marker: string,
): void {
  let copies: LocalCopies[] = [];
  process.title = 'agent-webkit-warden';
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  const clean = async () => {
    const options = { graceMs: 1000, limitMs: 4000 };
    await sweep(marker, options);
    // The server may have died between fork and exec, when its child did not have the marker yet.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await sweep(marker, { ...options, graceMs: 0 });
    await Promise.all(copies.map(removeCopies));
    process.exit();
  };
  let unread = '';
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    const lines = (unread + text).split('\n');
    unread = lines.pop() ?? '';
    for (const line of lines) {
      const order = JSON.parse(line) as Order;
      if (order === 'dismissed') process.exit();
      copies = order;
    }
  });
  process.stdin.once('close', () => void clean());
  process.stdin.on('error', () => {});
}
