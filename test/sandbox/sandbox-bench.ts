import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  AgentSandbox,
  SandboxCommand,
  SandboxProcess,
  SandboxWalls,
} from '../../src/agent-webkit/engine/agent-sandbox.js';

export const NO_LIMITS: SandboxWalls['limits'] = {
  memoryBytes: null,
  processes: null,
  cpus: null,
  cpuSeconds: null,
  fileBytes: null,
  tempBytes: 1024 ** 2,
};

/** A program in a sandbox, with what it has written. */
export class Sandboxed {
  output = '';
  /** Resolves to its exit code or signal, or to the error of a program that could not be started. */
  readonly ended: Promise<number | string | Error>;
  #notify: () => void = () => {};

  constructor(readonly process: SandboxProcess) {
    for (const stream of [process.stdout, process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.#notify();
      });
    }
    this.ended = new Promise((resolve) => {
      process.on('error', resolve);
      process.on('exit', (code: number | null, signal: string | null) => {
        // Its last output is read after its end.
        setImmediate(() => resolve(code ?? signal ?? ''));
      });
    });
  }

  /** Waits until its output contains this text. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      // oxlint-disable-next-line no-await-in-loop -- the next output decides
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
  }
}

/** A folder of the host, and programs in a sandbox that can write it. */
export class SandboxBench {
  readonly folder = mkdtempSync(join(realpathSync(tmpdir()), 'sandbox-'));
  readonly #started: SandboxProcess[] = [];

  constructor(readonly sandbox: AgentSandbox) {}

  start(command: Partial<SandboxCommand>, walls: Partial<SandboxWalls> = {}): Sandboxed {
    const { folder } = this;
    const process = this.sandbox.start(
      { command: '/bin/sh', args: [], cwd: folder, env: { PATH: '/usr/bin:/bin' }, ...command },
      {
        writable: [folder],
        readOnly: [],
        hidden: [],
        sockets: [],
        proxySocket: null,
        limits: NO_LIMITS,
        ...walls,
      },
    );
    this.#started.push(process);
    return new Sandboxed(process);
  }

  shell(script: string, walls: Partial<SandboxWalls> = {}): Sandboxed {
    return this.start({ args: ['-c', script] }, walls);
  }

  /** Runs a shell script to its end, and returns its output. */
  async run(script: string, walls: Partial<SandboxWalls> = {}): Promise<string> {
    const started = this.shell(script, walls);
    started.process.stdin.end();
    const status = await started.ended;
    if (status !== 0) throw new Error(`Ended with ${status}: ${started.output}`);
    return started.output;
  }

  /** Ends everything, and removes the folder. */
  async close(): Promise<void> {
    for (const process of this.#started) process.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Returns the ids of the processes of this machine with a text in their command lines. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text);
      } catch {
        // It has ended.
        return false;
      }
    });
}
