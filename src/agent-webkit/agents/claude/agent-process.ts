import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { SpawnOptions } from '@anthropic-ai/claude-agent-sdk';
import { TIMED_OUT, within } from '../../engine/timing/within.js';
import type { ProcessExit } from './agent-failure.js';
import { findLocalCopies, type LocalCopies, removeLocalCopies } from './local-copies.js';
import { MARKER_VARIABLE, sweepProcesses } from './process-sweep.js';
import { Warden } from './warden.js';

/** How long an agent may take to end after SIGTERM before it gets SIGKILL. It needs some 50 ms. */
const TERM_MS = 2000;
/** How long what the agent has left behind may take to end after SIGTERM. */
const SWEEP_GRACE_MS = 500;
const SWEEP_LIMIT_MS = 5000;
/** How long to wait for the last error output of a process that has ended. */
const LAST_OUTPUT_MS = 200;
const STDERR_TAIL = 4096;

const serverRunId = randomUUID();
const warden = new Warden(`${serverRunId}.`);

/**
 * One process of the agent, with all that it starts.
 *
 * It is *running* from the constructor on, *exited* when the process itself has ended, by itself or
 * because `close` made it, and *gone* when nothing is left of what it had started either, which is
 * made so as soon as it has exited. A process that could not be spawned is gone, too.
 */
export class AgentProcess {
  /** What the SDK talks to. */
  readonly child: ChildProcessWithoutNullStreams;
  /** What the environment of the process, and of all it starts, carries. */
  readonly marker = `${serverRunId}.${randomUUID()}`;
  /** Resolves when nothing is left. */
  readonly gone: Promise<ProcessExit>;
  readonly #exited: Promise<ProcessExit>;
  #stderr = '';
  #closed: Promise<void> | undefined;

  /** @param storedSession the session whose transcripts are stored elsewhere, so that no copy is to stay here */
  constructor(
    command: SpawnOptions,
    storedSession: string | null = null,
    onStderr?: (text: string) => void,
  ) {
    const copies = storedSession === null ? null : findLocalCopies(command.env, storedSession);
    // First the warden: should the server be killed in between, nobody else would clean up.
    const release = warden.watch(copies);
    try {
      this.child = spawn(command.command, command.args, {
        ...(command.cwd !== undefined && { cwd: command.cwd }),
        env: agentEnvironment(command.env, this.marker),
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
      });
    } catch (error) {
      release();
      throw error;
    }
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
      onStderr?.(text);
    });
    // The pipe of a dying process breaks; its exit tells.
    this.child.stdin.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => resolve({ code, signal }));
      this.child.on('error', (error) => {
        // With an id it is a signal that could not be sent.
        if (this.child.pid === undefined) resolve({ code: null, signal: null, error });
      });
    });
    this.gone = this.#clean(copies).finally(release);
  }

  /** The last 4 kB of its standard error. Complete when it is gone. */
  get stderr(): string {
    return this.#stderr;
  }

  /**
   * Closes its standard input, upon which it ends by itself when its turn is over, then sends SIGTERM,
   * then SIGKILL. Resolves when all of it is gone. Later calls return the first one's promise.
   */
  close(graceMs: number): Promise<void> {
    this.#closed ??= this.#shutDown(graceMs);
    return this.#closed;
  }

  async #shutDown(graceMs: number): Promise<void> {
    this.child.stdin.end();
    if ((await within(graceMs, this.#exited)) === TIMED_OUT) {
      this.child.kill('SIGTERM');
      if ((await within(TERM_MS, this.#exited)) === TIMED_OUT) this.child.kill('SIGKILL');
    }
    await this.gone;
  }

  async #clean(copies: LocalCopies | null): Promise<ProcessExit> {
    const exit = await this.#exited;
    if (exit.error !== undefined) return exit;
    await sweepProcesses(this.marker, { graceMs: SWEEP_GRACE_MS, limitMs: SWEEP_LIMIT_MS });
    if (copies) await removeLocalCopies(copies);
    const { stderr } = this.child;
    // A pipe that broke gives no more output either.
    if (!stderr.closed) await within(LAST_OUTPUT_MS, once(stderr, 'close')).catch(() => undefined);
    // Where something that could not be ended still holds it, it would hold the server's end up, too.
    stderr.destroy();
    return exit;
  }
}

/**
 * The environment for an agent: the given one, without this server's own settings, among which are
 * its tokens and its database's password, and with the marker. A server that is itself the child
 * of a marked process hands on that one's marker, too.
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
