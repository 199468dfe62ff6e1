import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { SandboxProcess } from '../../engine/agent-sandbox.js';

/** A process whose sandbox is prepared first, for example by opening a port. */
export class SandboxExecProcess extends EventEmitter implements SandboxProcess {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  #child: ChildProcess | null = null;
  #killed = false;
  /** The signal that was sent before the process was started. */
  #early: NodeJS.Signals | null = null;
  #isOver = false;

  /**
   * @param prepare starts the process, in a process group of its own
   * @param clean removes what was prepared. Called once, at the end.
   */
  constructor(prepare: () => Promise<ChildProcess>, clean: () => void) {
    super();
    // An error without a listener would end the server.
    this.on('error', () => {});
    void prepare()
      .then((child) => this.#adopt(child, clean))
      .catch((error: unknown) => this.#fail(error as Error, clean));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get killed(): boolean {
    return this.#killed;
  }

  kill(signal: NodeJS.Signals): boolean {
    if (this.#isOver) return false;
    this.#killed = true;
    if (this.#child === null) {
      if (this.#early !== 'SIGKILL') this.#early = signal;
      return true;
    }
    return signal === 'SIGKILL' ? this.#killGroup() : this.#child.kill(signal);
  }

  #adopt(child: ChildProcess, clean: () => void): void {
    this.#child = child;
    child.once('error', (error) => this.#fail(error, clean));
    if (child.pid === undefined || !child.stdin || !child.stdout || !child.stderr) return;
    // The pipes of a process that ends break. Its end reports that.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on('error', () => {});
    this.stdin.pipe(child.stdin);
    child.stdout.pipe(this.stdout);
    child.stderr.pipe(this.stderr);
    child.once('exit', (code, signal) => {
      // What it left behind, apart from processes that left its group.
      this.#killGroup();
      this.#isOver = true;
      this.exitCode = code;
      this.signalCode = signal;
      this.stdin.unpipe().resume();
      clean();
      this.emit('exit', code, signal);
    });
    if (this.#early !== null) this.kill(this.#early);
  }

  #killGroup(): boolean {
    const pid = this.#child?.pid;
    // Never the group of the server, and never all processes.
    if (pid === undefined || pid <= 1) return false;
    try {
      return process.kill(-pid, 'SIGKILL');
    } catch {
      // The group has ended.
      return false;
    }
  }

  #fail(error: Error, clean: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clean();
    this.stdin.resume();
    this.stdout.end();
    this.stderr.end();
    this.emit('error', error);
  }
}
