import { type ChildProcess, spawn } from 'node:child_process';

export interface ProgramOptions {
  cwd?: string;
  /** Its environment, besides PATH and HOME. */
  env?: Record<string, string>;
  /** True to give it a process group of its own, as a terminal does. */
  detached?: boolean;
  /** How long it may run before it is killed, in milliseconds. Default: no limit. */
  limitMs?: number;
}

/** How long a program may take to end when it is asked to, in milliseconds. */
const END_MS = 20_000;

/** A program in a process of its own, with what it has written to stdout and stderr. */
export class Program {
  output = '';
  /** The whole lines of its output. */
  readonly lines: string[] = [];
  /** Its exit status, or the signal that ended it, once it has ended. */
  status: number | NodeJS.Signals | null = null;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #waiting: (() => void)[] = [];

  constructor(
    command: string,
    args: readonly string[],
    { cwd, env, detached = false, limitMs }: ProgramOptions = {},
  ) {
    const { PATH = '', HOME = '' } = process.env;
    this.#process = spawn(command, args, {
      ...(cwd !== undefined && { cwd }),
      env: { PATH, HOME, ...env },
      detached,
      ...(limitMs !== undefined && { timeout: limitMs, killSignal: 'SIGKILL' }),
    });
    // A program that cannot be started is closed, too.
    this.#process.once('error', (error) => (this.output += `${error.message}\n`));
    this.#ended = new Promise((resolve) => {
      this.#process.once('close', (status: number | null, signal: NodeJS.Signals | null) => {
        this.status = status ?? signal;
        this.#notify();
        resolve();
      });
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      let line = '';
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        const parts = (line + chunk).split('\n');
        line = parts.pop() ?? '';
        this.lines.push(...parts);
        this.output += chunk;
        this.#notify();
      });
    }
  }

  /** Starts a script in the running version of Node. */
  static node(script: string, args: readonly string[] = [], options?: ProgramOptions): Program {
    return new Program(process.execPath, [script, ...args], options);
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error('The program did not start.');
    return pid;
  }

  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  /**
   * Waits until its output matches, and returns the match.
   *
   * @param from the first character of the output that counts
   * @throws Error when it ends before
   */
  async says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output.slice(from));
      if (match) return match;
      // oxlint-disable-next-line no-await-in-loop -- the next output decides
      await this.#more(pattern);
    }
  }

  /** Waits for a line that begins like this and comes after the call. @throws Error when it ends before */
  async nextLine(beginning: string): Promise<string> {
    const { length } = this.lines;
    for (;;) {
      const line = this.lines.find((one, index) => index >= length && one.startsWith(beginning));
      if (line !== undefined) return line;
      // oxlint-disable-next-line no-await-in-loop -- the next output decides
      await this.#more(beginning);
    }
  }

  /** Sends a signal to the program alone. */
  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Waits until it has ended, and returns its exit status or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    await this.#ended;
    return this.status;
  }

  /** Kills it unless it has ended, and waits until it is gone. */
  async kill(name: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.status === null) this.signal(name);
    await this.#ended;
  }

  /**
   * Asks it to stop, and waits until it is gone.
   *
   * @throws Error when it had to be killed, because it did not end within {@link END_MS}
   */
  async end(): Promise<void> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.signal('SIGKILL');
    }, END_MS);
    await this.kill('SIGTERM');
    clearTimeout(timer);
    if (isLate) throw new Error(`It did not end when it was asked to:\n${this.output}`);
  }

  async #more(wanted: RegExp | string): Promise<void> {
    // The last line comes first, because it mostly tells why.
    if (this.status !== null)
      throw new Error(
        `It ended with ${this.status} before ${wanted}. Its last line: ${this.lines.at(-1)}\nAll of them:\n${this.output}`,
      );
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
