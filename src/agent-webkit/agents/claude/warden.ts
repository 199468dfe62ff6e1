import { spawn, type ChildProcess } from 'node:child_process';
import { createCopyRemoval, type LocalCopies, RESUME_FOLDER } from './local-copies.js';
import { createProcessSweep, MARKER_VARIABLE, type ProcessSweep } from './process-sweep.js';

/** What the warden is told, a line each: that it may go, or what it would have to remove now. */
type Order = 'dismissed' | LocalCopies[];

/**
 * A small process that outlives the server, ends what the server's agents left running and removes
 * what they left on the disk.
 *
 * It runs while there is someone to watch over: the first `watch` starts it, the last release
 * dismisses it, by a line on its standard input. That is a pipe whose other end the kernel closes when
 * the server is gone, by whatever signal; when it ends without that line, the warden sweeps, and
 * exits. It is in a session of its own and ignores the signals a server is stopped with, because a terminal or a service manager sends
 * them to everyone at once, and the server may still have agents to close by then.
 *
 * One that is killed while it watches is replaced at once. One that exits by itself is broken: the
 * process warns, and the next `watch` tries again.
 *
 * On Windows it does not run, see {@link createProcessSweep}.
 */
export class Warden {
  readonly #marker: string;
  #child: ChildProcess | undefined;
  /** One for each agent. */
  readonly #watches = new Set<{ copies: LocalCopies | null }>();

  /** @param marker what the markers of all agents of this server begin with */
  constructor(marker: string) {
    this.#marker = marker;
  }

  /** The id of the running warden, if there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** To be called before an agent is spawned. Returns what to call when all of it is gone. */
  watch(copies: LocalCopies | null = null): () => void {
    const watch = { copies };
    this.#watches.add(watch);
    this.#ensure();
    this.#tellCopies();
    return () => {
      if (!this.#watches.delete(watch)) return;
      if (this.#watches.size > 0) return this.#tellCopies();
      this.#tell('dismissed');
      this.#child?.stdin?.end();
      this.#child = undefined;
    };
  }

  #tellCopies(): void {
    this.#tell([...this.#watches].flatMap(({ copies }) => copies ?? []));
  }

  #tell(order: Order): void {
    this.#child?.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  #ensure(): void {
    if (this.#child !== undefined || process.platform === 'win32') return;
    const child = spawn(process.execPath, ['-e', wardenSource(this.#marker)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      // Not the server's folder, which could then not be unmounted, and not its secrets.
      cwd: '/',
      env: { PATH: process.env['PATH'] },
    });
    this.#child = child;
    child.unref();
    const stdin = child.stdin as typeof child.stdin & { unref(): void };
    stdin.unref();
    // A dead warden's pipe breaks; its exit says so.
    stdin.on('error', () => {});
    child.on('error', (error) => this.#lose(child, error.message));
    child.on('exit', (code, signal) => {
      if (signal === null) this.#lose(child, `exit code ${code}`);
      else if (this.#forget(child) && this.#watches.size > 0) {
        this.#ensure();
        this.#tellCopies();
      }
    });
  }

  #lose(child: ChildProcess, reason: string): void {
    if (!this.#forget(child)) return;
    process.emitWarning(
      `The process that cleans up after this server ended (${reason}). ` +
        'Should the server be killed, its agents may survive it.',
    );
  }

  #forget(child: ChildProcess): boolean {
    if (this.#child !== child) return false;
    this.#child = undefined;
    return true;
  }
}

/**
 * The warden's program as text, and not as a file beside this one: it works from `dist` as from
 * `src`, and in a bundle, where such a file would be missed only when a server has been killed.
 */
function wardenSource(marker: string): string {
  // esbuild's keepNames wraps functions by this name.
  const prelude = 'const __name = (target) => target;';
  const sweep = `(${createProcessSweep.toString()})(${JSON.stringify(MARKER_VARIABLE)})`;
  const removeCopies = `(${createCopyRemoval.toString()})(${JSON.stringify(RESUME_FOLDER)})`;
  return `${prelude}(${keepWatch.toString()})(${sweep}, ${removeCopies}, ${JSON.stringify(marker)});`;
}

/* istanbul ignore next: it runs from its text, in another process */
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
    // The server may have died between fork and exec, when its child does not have the marker yet.
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
