import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { SpawnedProcess, SpawnOptions } from '@anthropic-ai/claude-agent-sdk';
import { TIMED_OUT, within } from '../../engine/timing/within.js';
import type { SandboxProcess } from '../../engine/agent-sandbox.js';
import type { ProcessExit } from './agent-failure.js';
import type { Enclosure } from './enclosure.js';
import { findLeftovers, type Leftovers, setAside } from './leftovers.js';
import { LineLimit } from './line-limit.js';
import { type PipedProcess, spawnPiped, unstarted } from './piped-process.js';
import { cleanUpAfter } from './process-cleanup.js';
import { MARKER_VARIABLE } from './process-sweep.js';
import { SERVER_RUN_ID, serverWarden } from './server-warden.js';

/** How long an agent may take to exit after SIGTERM before it is sent SIGKILL. It takes about 50 ms. */
const TERM_MS = 2000;
/** How long a process may take to exit after it has closed its output. */
const EXIT_MS = 500;
/** How long to wait for the last error output of a process that has ended. */
const LAST_OUTPUT_MS = 200;
const STDERR_TAIL = 4096;
/** The longest line of output, in bytes. The longest ones contain images, and have some megabytes. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** How many conversations of one agent are remembered for the removal of their copies. */
const MAX_CONVERSATIONS = 100;
const NOTHING: Leftovers = { folders: [], copies: null };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface AgentProcessOptions {
  /** The conversations whose transcripts are in the storage, so that local copies are removed; null for none. */
  stored?: readonly string[] | null;
  /** The surroundings of the process, which are closed when it is gone. @default none */
  enclosure?: Enclosure | null;
  onStderr?: ((text: string) => void) | undefined;
  /** The longest line that the process may write, in bytes. */
  maxLineBytes?: number;
}

/**
 * One process of the agent, with all of its descendants.
 *
 * It is *running* from the constructor on, *exited* when the process itself has ended, on its own or
 * by `close`, and *gone* when none of its descendants is left. They are ended as soon as it has
 * exited: by the sandbox, if that ends everything inside, or else by a search for the marker. A process that could not be started is gone, too: without file descriptors, for example, or
 * when its warden could not be started.
 *
 * A process that can no longer be used is ended, and {@link fault} has the reason: it was not ready in
 * time, wrote a line that is too long, or closed its output.
 */
export class AgentProcess {
  /** The process as the SDK communicates with it. */
  readonly pipes: SpawnedProcess;
  /** The marker in the environment of the process and of its descendants. */
  readonly marker = `${SERVER_RUN_ID}.${randomUUID()}`;
  /** The program as the SDK names it. */
  readonly program: string;
  /** Resolves when the process and all of its descendants have ended. */
  readonly gone: Promise<ProcessExit>;
  readonly #child: PipedProcess | SandboxProcess;
  readonly #exited: Promise<ProcessExit>;
  readonly #leftovers: Leftovers;
  readonly #enclosure: Enclosure | null;
  #fault: string | null = null;
  #startTimer: NodeJS.Timeout | undefined;
  #stderr = '';
  #closed: Promise<void> | undefined;

  constructor(
    command: SpawnOptions,
    {
      stored = null,
      enclosure = null,
      onStderr,
      maxLineBytes = MAX_LINE_BYTES,
    }: AgentProcessOptions = {},
  ) {
    this.program = command.command;
    this.#enclosure = enclosure;
    this.#leftovers =
      stored === null ? NOTHING : findLeftovers(command.env, enclosure ? null : stored);
    // The warden comes first: if the server is killed in between, nothing else cleans up.
    const { failure, release } = serverWarden.watch(this.#leftovers);
    const child = failure === null ? this.#spawn(command) : unstarted(failure);
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
      onStderr?.(text);
    });
    // The pipes of a dying process break. The exit event reports its end.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        setAside(this.#leftovers);
        resolve({ code, signal, exceeded: child.exceeded ?? null });
      });
      child.on('error', (error) => {
        // Of a process without walls that has a pid, it is about a signal that could not be sent.
        if (enclosure !== null || child.pid === undefined)
          resolve({ code: null, signal: null, error });
      });
    });
    const stdout = this.#limitOutput(maxLineBytes);
    this.pipes = {
      stdin: child.stdin,
      stdout,
      get killed() {
        return child.killed;
      },
      get exitCode() {
        return child.exitCode;
      },
      get signalCode() {
        return child.signalCode ?? null;
      },
      kill: (signal) => child.kill(signal),
      on: child.on.bind(child),
      once: child.once.bind(child),
      off: child.off.bind(child),
    };
    this.gone = this.#clean(release);
  }

  /** The reason why the server ended the process; null if it did not, or only by `close`. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Ends a process that can no longer be used, unless it is being closed. The reason is for clients. */
  fail(reason: string): void {
    if (this.#closed) return;
    this.#fault = reason;
    void this.close(0);
  }

  /** Ends the process after this time, unless {@link endStart} is called before. */
  limitStart(timeoutMs: number): void {
    this.#startTimer = setTimeout(() => {
      this.fail(`The agent was not ready within ${timeoutMs / 1000} s, so the server stopped it.`);
    }, timeoutMs);
    this.#startTimer.unref();
  }

  /** Call this when the process is ready for messages. */
  endStart(): void {
    clearTimeout(this.#startTimer);
  }

  /** Adds a conversation that the agent has begun, so that its local copies are removed, too. */
  addConversation(id: string | undefined): void {
    const ids = this.#leftovers.copies?.ids;
    if (ids === undefined || id === undefined || ids.includes(id) || !UUID.test(id)) return;
    ids.push(id);
    if (ids.length > MAX_CONVERSATIONS) ids.shift();
    serverWarden.update();
  }

  /** The last 4 kB of standard error. Complete when the process is gone. */
  get stderr(): string {
    return this.#stderr;
  }

  /**
   * Closes the standard input, upon which the process exits after its turn. Sends SIGTERM after
   * `graceMs`, then SIGKILL. Resolves when the process is gone. Later calls return the same promise.
   */
  close(graceMs: number): Promise<void> {
    this.#closed ??= this.#shutDown(graceMs);
    return this.#closed;
  }

  /** Ends the process at once, so that it writes nothing more. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.gone;
  }

  async #shutDown(graceMs: number): Promise<void> {
    this.#child.stdin.end();
    if ((await within(graceMs, this.#exited)) === TIMED_OUT) {
      this.#child.kill('SIGTERM');
      if ((await within(TERM_MS, this.#exited)) === TIMED_OUT) this.#child.kill('SIGKILL');
    }
    await this.gone;
  }

  #spawn(given: SpawnOptions): PipedProcess | SandboxProcess {
    const { command, args, cwd, env } = given;
    const enclosure = this.#enclosure;
    if (enclosure?.endsWithServer) return enclosure.start(given);
    if (enclosure) return enclosure.start({ ...given, env: agentEnvironment(env, this.marker) });
    return spawnPiped(command, args, {
      ...(cwd !== undefined && { cwd }),
      env: agentEnvironment(env, this.marker),
    });
  }

  /** Returns the output of the process, which ends it by a line that is too long, and by its own end. */
  #limitOutput(maxLineBytes: number): LineLimit {
    const { stdout } = this.#child;
    const lines = new LineLimit(maxLineBytes, () => {
      const limit = `${Math.round(maxLineBytes / 1024 ** 2)} MB`;
      this.fail(`The agent wrote a message of more than ${limit}, so the server stopped it.`);
      stdout.destroy();
    });
    stdout.pipe(lines);
    stdout.once('close', () => lines.end());
    lines.once('close', () => stdout.destroy());
    stdout.once('end', () => void this.#expectExit());
    return lines;
  }

  async #expectExit(): Promise<void> {
    if ((await within(EXIT_MS, this.#exited)) !== TIMED_OUT) return;
    this.fail('The agent closed its output, so the server stopped it.');
  }

  async #clean(release: () => void): Promise<ProcessExit> {
    const exit = await this.#exited;
    this.endStart();
    // First, so that nothing that is left inside reaches the model or the network.
    await this.#enclosure?.close();
    if (exit.error !== undefined) {
      release();
      return exit;
    }
    const marker = this.#enclosure?.endsWithServer ? null : this.marker;
    const { attempted, done } = cleanUpAfter(marker, this.#leftovers);
    // Until all of it has succeeded, the warden must do it if the server is killed.
    void done.then(release);
    await attempted;
    const { stderr } = this.#child;
    // A broken pipe has no more output either.
    if (!stderr.closed) await within(LAST_OUTPUT_MS, once(stderr, 'close')).catch(() => undefined);
    // A descendant that could not be ended may hold the pipe open, which would delay the server's exit.
    stderr.destroy();
    return exit;
  }
}

/**
 * Returns the environment for an agent: the given one with the marker, and without this server's own
 * settings, which include its tokens and its database password. A server that is itself the child of a
 * marked process passes on the inherited marker, too.
 */
function agentEnvironment(
  given: Record<string, string | undefined>,
  marker: string,
): Record<string, string | undefined> {
  const entries = Object.entries(given).filter(([name]) => !name.startsWith('AGENT_WEBKIT_'));
  const inherited = process.env[MARKER_VARIABLE];
  const value = inherited ? `${inherited},${marker}` : marker;
  return { ...Object.fromEntries(entries), [MARKER_VARIABLE]: value };
}
