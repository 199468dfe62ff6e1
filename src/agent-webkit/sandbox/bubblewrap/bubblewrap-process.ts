import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough, pipeline, type Readable, type Writable } from 'node:stream';
import type { ExceededLimit, SandboxProcess } from '../../engine/agent-sandbox.js';
import type { ProgramLimits } from '../limits/process-limits.js';
import { READY } from './launcher.js';
import { openOutput } from './program-output.js';
import { programId, sendSignal, signalOf } from './processes.js';
import { type DescriptorPipe, spawnBubblewrap } from './spawn-bubblewrap.js';

/** The parts of a start of bubblewrap. */
export interface BubblewrapStart {
  /** The absolute path of a program, which starts bubblewrap if it is another one, and its arguments. */
  readonly command: readonly string[];
  /** The contents of further file descriptors, by their numbers. */
  readonly inputs: ReadonlyMap<number, string | Buffer>;
  /** The file descriptor on which bubblewrap reports. */
  readonly statusFd: number;
  /** File descriptors that nothing inside may get. */
  readonly inherited: readonly number[];
}

/** How much of the error output of a start, of the status and of the channel is kept, in characters. */
const MAX_TEXT = 2048;

/**
 * A program in a sandbox. The child of this server is bubblewrap, the child of that is the launcher, which is
 * process 1 inside, and the child of that is the program. Bubblewrap ends when everything inside has ended.
 *
 * It is *starting* until the launcher has reported the program and this server has opened its output, then
 * *running*, and *over* when bubblewrap has ended, and nothing holds the pipe of the launcher.
 */
export class BubblewrapProcess extends EventEmitter implements SandboxProcess {
  readonly stdin: Writable;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  exceeded: ExceededLimit | null = null;
  killed = false;
  readonly #child: ChildProcess;
  readonly #limits: ProgramLimits;
  #channel: DescriptorPipe | undefined;
  #pid: number | undefined;
  /** The process id of the launcher on this machine. */
  #launcher: number | null = null;
  /** The process id of the program inside; null while it is starting. */
  #program: number | null = null;
  /** The signal with which this server has ended everything. */
  #ending: NodeJS.Signals | null = null;
  #isOver = false;
  #status = '';
  #messages = '';
  #errors = '';

  /** @throws when the system refuses to start a process */
  constructor(start: BubblewrapStart, limits: ProgramLimits) {
    super();
    // Without a listener, an error would end the server.
    this.on('error', () => {});
    this.stdout.on('error', () => {});
    this.#limits = limits;
    const { child, pipes, failure } = spawnBubblewrap(start);
    this.#child = child;
    if (pipes === null) {
      this.stdin = new PassThrough().end().resume();
      this.stderr.end();
      void failure.then((error) => this.#fail(error));
      return;
    }
    this.#pid = child.pid;
    const { stdin, stderr, status, channel } = pipes;
    this.stdin = stdin;
    this.#channel = channel;
    stderr.on('data', (data: Buffer) => this.#readErrors(data.toString())).pipe(this.stderr);
    this.stderr.once('close', () => stderr.destroy());
    status.setEncoding('utf8').on('data', (text: string) => this.#readStatus(text));
    channel.setEncoding('utf8').on('data', (text: string) => this.#readChannel(text));
    const exit = new Promise<[code: number | null, signal: NodeJS.Signals | null]>((resolve) => {
      child.once('exit', (code, signal) => {
        // Bubblewrap may have been killed before the launcher was bound to it. Without an answer, that ends.
        if (this.#program === null) channel.end();
        resolve([code, signal]);
      });
    });
    void Promise.all([exit, closed(status), closed(channel)]).then(([[code, signal]]) =>
      this.#end(code, signal),
    );
    limits.watch(this);
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  kill(signal: NodeJS.Signals): boolean {
    if (this.#isOver || this.#pid === undefined) return false;
    const isSent =
      signal === 'SIGKILL' || this.#program === null ? this.#endAll(signal) : this.#send(signal);
    this.killed ||= isSent;
    return isSent;
  }

  #send(signal: NodeJS.Signals): boolean {
    const pid = this.#launcher === null ? null : programId(this.#launcher, this.#program);
    return pid !== null && sendSignal(pid, signal);
  }

  #endAll(signal: NodeJS.Signals): boolean {
    this.#ending ??= signal;
    // When process 1 inside has ended, everything inside has, and bubblewrap reports that by its own end.
    if (this.#launcher !== null && sendSignal(this.#launcher, 'SIGKILL')) return true;
    return this.#child.kill('SIGKILL');
  }

  #readErrors(text: string): void {
    if (this.#program === null) this.#errors = (this.#errors + text).slice(-MAX_TEXT);
  }

  #readStatus(text: string): void {
    this.#status = (this.#status + text).slice(0, MAX_TEXT);
    const launcher = /"child-pid": *(\d+)/.exec(this.#status)?.[1];
    if (launcher === undefined) return;
    this.#launcher = Number(launcher);
    this.#startProgram();
  }

  #readChannel(text: string): void {
    this.#messages = (this.#messages + text).slice(0, MAX_TEXT);
    this.#startProgram();
  }

  /** Lets the launcher start the program when it and bubblewrap have reported. */
  #startProgram(): void {
    const ready = READY.exec(this.#messages);
    if (this.#program !== null || this.#ending !== null) return;
    if (this.#launcher === null || ready === null) return;
    const program = Number(ready[1]);
    try {
      pipeline(openOutput(this.#launcher, program), this.stdout, () => {});
    } catch (error) {
      this.#errors = `The output of the program cannot be opened: ${(error as Error).message}`;
      this.#channel?.end();
      return;
    }
    this.#program = program;
    this.#messages = this.#messages.slice(ready.index + ready[0].length);
    this.#channel?.end('go\n');
  }

  #end(code: number | null, signal: NodeJS.Signals | null): void {
    const isStarted = this.#program !== null;
    if (!isStarted && this.#ending === null && signal === null) {
      const reason =
        this.#errors.trim() ||
        this.#messages.trim() ||
        `bubblewrap ended with the status ${code ?? 0}.`;
      return this.#fail(new Error(`The sandbox could not be started: ${reason}`));
    }
    // Absent when bubblewrap was killed, or the launcher was not started.
    const reported = /"exit-code": *(\d+)/.exec(this.#status)?.[1];
    const status = reported === undefined ? null : Number(reported);
    const isKilled = !isStarted || status === null || status === 128 + 9;
    this.signalCode =
      (isKilled ? this.#ending : null) ?? signal ?? signalOf(status ?? 0, this.#messages);
    this.exitCode = this.signalCode === null ? (status ?? code) : null;
    this.#isOver = true;
    this.exceeded = this.#limits.end({ code: this.exitCode, signal: this.signalCode });
    if (!isStarted) this.stdout.end();
    this.emit('exit', this.exitCode, this.signalCode);
    // As in Node: output that is not read would keep its pipe open.
    process.nextTick(() => this.stdout.resume());
  }

  #fail(error: Error): void {
    this.#isOver = true;
    this.#pid = undefined;
    this.stdout.end();
    this.#limits.end({ code: null, signal: null });
    this.emit('error', error);
  }
}

function closed(pipe: Readable): Promise<void> {
  return new Promise((resolve) => pipe.once('close', resolve));
}
