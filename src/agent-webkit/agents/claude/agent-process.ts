import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { SpawnOptions } from '@anthropic-ai/claude-agent-sdk';
import { TIMED_OUT, within } from '../../engine/timing/within.js';
import type { ProcessExit } from './agent-failure.js';
import { findLocalCopies, type LocalCopies, removeLocalCopies } from './local-copies.js';
import { MARKER_VARIABLE, sweepProcesses } from './process-sweep.js';
import { Warden } from './warden.js';

/** How long an agent may take to exit after SIGTERM before it is sent SIGKILL. It takes about 50 ms. */
const TERM_MS = 2000;
/** How long the processes that the agent left behind may take to exit after SIGTERM. */
const SWEEP_GRACE_MS = 500;
const SWEEP_LIMIT_MS = 5000;
/** How long to wait for the last error output of a process that has ended. */
const LAST_OUTPUT_MS = 200;
const STDERR_TAIL = 4096;

/** How many conversations of one agent are remembered for the removal of their copies. */
const MAX_CONVERSATIONS = 100;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const serverRunId = randomUUID();
const warden = new Warden(`${serverRunId}.`);

/**
 * One process of the agent, with all of its descendants.
 *
 * It is *running* from the constructor on, *exited* when the process itself has ended, on its own or
 * by `close`, and *gone* when none of its descendants is left. They are ended as soon as it has
 * exited. A process that could not be spawned is gone, too.
 */
export class AgentProcess {
  /** The process that the SDK communicates with. */
  readonly child: ChildProcessWithoutNullStreams;
  /** The marker in the environment of the process and of its descendants. */
  readonly marker = `${serverRunId}.${randomUUID()}`;
  /** Resolves when the process and all of its descendants have ended. */
  readonly gone: Promise<ProcessExit>;
  readonly #exited: Promise<ProcessExit>;
  #stderr = '';
  #closed: Promise<void> | undefined;

  readonly #copies: LocalCopies | null;

  /** @param stored the conversations whose transcripts are in the storage, so that local copies are removed; null for none */
  constructor(
    command: SpawnOptions,
    stored: readonly string[] | null = null,
    onStderr?: (text: string) => void,
  ) {
    const copies = stored === null ? null : findLocalCopies(command.env, stored);
    this.#copies = copies;
    // The warden comes first: if the server is killed in between, nothing else cleans up.
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
    // The pipe of a dying process breaks. The exit event reports its end.
    this.child.stdin.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => resolve({ code, signal }));
      this.child.on('error', (error) => {
        // With a pid, the error is about a signal that could not be sent.
        if (this.child.pid === undefined) resolve({ code: null, signal: null, error });
      });
    });
    this.gone = this.#clean(copies).finally(release);
  }

  /** Adds a conversation that the agent has begun, so that its local copies are removed, too. */
  addConversation(id: string | undefined): void {
    const ids = this.#copies?.ids;
    if (ids === undefined || id === undefined || ids.includes(id) || !UUID.test(id)) return;
    ids.push(id);
    if (ids.length > MAX_CONVERSATIONS) ids.shift();
    warden.update();
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
