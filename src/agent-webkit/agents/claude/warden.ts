import { createRemoval, type Leftovers } from './leftovers.js';
import { type PipedProcess, spawnPiped, startError } from './piped-process.js';
import { createProcessSweep, MARKER_VARIABLE, type ProcessSweep } from './process-sweep.js';

/** A line on the warden's standard input: an order to exit, or what to remove in the end at present. */
type Order = 'dismissed' | Leftovers[];

/** How long a warden must have lived, at least, so that it is replaced at once when it is killed again. */
const MIN_LIFE_MS = 10_000;

/** The watch over one agent. */
export interface Watch {
  /** Resolves to the reason why no warden runs, so that the agent must not be started; null when one runs. */
  failure: Promise<Error> | null;
  /** Call this when the agent is gone. */
  release(this: void): void;
}

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
 * A warden that is killed while it watches is replaced at once. If it exits by itself, or its replacement
 * is killed as well, it is broken: the server emits a process warning, and the next `watch` starts another
 * one. If the system refuses to start one, that `watch` has failed: an agent without a warden would outlive
 * a server that is killed.
 *
 * It does not run on Windows, see {@link createProcessSweep}.
 */
export class Warden {
  readonly #marker: string;
  #child: PipedProcess | undefined;
  /** One entry per agent. */
  readonly #watches = new Set<{ leftovers: Leftovers | null }>();
  /** When a warden was last replaced, as `performance.now()`. */
  #replacedAt = -Infinity;

  /** @param marker the common prefix of the markers of this server's agents */
  constructor(marker: string) {
    this.#marker = marker;
  }

  /** The process id of the running warden; undefined when none runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Call this before an agent is started. */
  watch(leftovers: Leftovers | null = null): Watch {
    const failure = this.#ensureRunning();
    if (failure !== null) return { failure, release: () => {} };
    const watch = { leftovers };
    this.#watches.add(watch);
    this.update();
    const release = () => {
      if (!this.#watches.delete(watch)) return;
      if (this.#watches.size > 0) return this.update();
      this.#send('dismissed');
      this.#child?.stdin.end();
      this.#child = undefined;
    };
    return { failure, release };
  }

  /** Sends what to remove again. Call this when it has changed. */
  update(): void {
    this.#send([...this.#watches].flatMap(({ leftovers }) => leftovers ?? []));
  }

  #send(order: Order): void {
    this.#child?.stdin.write(`${JSON.stringify(order)}\n`);
  }

  /** Returns null when a warden runs, or else the reason why none could be started. */
  #ensureRunning(): Promise<Error> | null {
    if (this.#child !== undefined || process.platform === 'win32') return null;
    const child = spawnPiped(process.execPath, ['-e', wardenSource(this.#marker)], {
      detached: true,
      hasOutput: false,
      // Neither the server's folder, which could not be unmounted then, nor its secrets.
      cwd: '/',
      env: { PATH: process.env['PATH'] },
    });
    if (child.pid === undefined) return startError(child).then(withoutProgram);
    this.#child = child;
    child.unref();
    const stdin = child.stdin as typeof child.stdin & { unref(): void };
    stdin.unref();
    // The pipe of a dead warden breaks. The exit event reports its end.
    stdin.on('error', () => {});
    child.on('exit', (code, signal) => {
      if (!this.#forget(child) || this.#watches.size === 0) return;
      if (signal === null) warn(`exit code ${code}`);
      else void this.#replace(signal);
    });
    return null;
  }

  async #replace(signal: NodeJS.Signals): Promise<void> {
    const now = performance.now();
    // A warden that the system ends at once would otherwise be started over and over.
    if (now - this.#replacedAt < MIN_LIFE_MS) return warn(`signal ${signal}`);
    this.#replacedAt = now;
    const failure = this.#ensureRunning();
    if (failure !== null) return warn((await failure).message);
    this.update();
  }

  /** Returns false when the warden was dismissed before. */
  #forget(child: PipedProcess): boolean {
    if (this.#child !== child) return false;
    this.#child = undefined;
    return true;
  }
}

/** Returns the error without the arguments of the process, which contain the warden's whole program. */
function withoutProgram({ message, code }: NodeJS.ErrnoException): Error {
  return Object.assign(new Error(`The cleanup process could not be started: ${message}`), { code });
}

function warn(reason: string): void {
  process.emitWarning(
    `The cleanup process of this server ended unexpectedly (${reason}). ` +
      'If the server is killed, its agents may keep running.',
  );
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
  const remove = `(${createRemoval.toString()})()`;
  return `${prelude}(${keepWatch.toString()})(${sweep}, ${remove}, ${JSON.stringify(marker)});`;
}

/* istanbul ignore next: the source text of the function runs in another process */
function keepWatch(
  { sweep }: ProcessSweep,
  remove: (leftovers: Leftovers) => Promise<void>,
  marker: string,
): void {
  let leftovers: Leftovers[] = [];
  process.title = 'agent-webkit-warden';
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  const clean = async () => {
    const options = { graceMs: 1000, limitMs: 4000 };
    // oxlint-disable-next-line consistent-function-scoping -- the source text of the outer function must contain it
    const pause = () => new Promise((resolve) => setTimeout(resolve, 200));
    // The system may have no memory left for a while.
    const repeat = async (attempt: () => Promise<unknown>) => {
      for (let left = 10; left > 0; left -= 1) {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        if (
          await attempt().then(
            () => true,
            () => false,
          )
        )
          return;
        // oxlint-disable-next-line no-await-in-loop
        await pause();
      }
    };
    await repeat(() => sweep(marker, options));
    // The server may have died between fork and exec, when its child did not have the marker yet.
    await pause();
    await repeat(() => sweep(marker, { ...options, graceMs: 0 }));
    await repeat(() => Promise.all(leftovers.map(remove)));
    process.exit();
  };
  let unread = '';
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    const lines = (unread + text).split('\n');
    unread = lines.pop() ?? '';
    for (const line of lines) {
      const order = JSON.parse(line) as Order;
      if (order === 'dismissed') process.exit();
      leftovers = order;
    }
  });
  process.stdin.once('close', () => void clean());
  process.stdin.on('error', () => {});
}
