import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { transform } from '@swc/core';
import { ROOT } from './markdown.js';

/**
 * A host's folder with the package in its `node_modules`, made of the sources as they are now. What
 * else a host needs is found in the project's own `node_modules` above it.
 */
export class HostFolder {
  readonly path = join(ROOT, 'node_modules/.cache', `host-${randomUUID()}`);
  readonly #package = join(this.path, 'node_modules/nestjs-agent-webkit');
  readonly #programs = new Set<Program>();

  static async create(): Promise<HostFolder> {
    const folder = new HostFolder();
    const names = await readdir(join(ROOT, 'src'), { recursive: true });
    await Promise.all(
      names
        .filter((name) => name.endsWith('.ts'))
        .map((name) => strip(join(ROOT, 'src', name), join(folder.#package, 'dist', name))),
    );
    await cp(join(ROOT, 'package.json'), join(folder.#package, 'package.json'));
    await cp(join(ROOT, 'dist/page'), join(folder.#package, 'dist/page'), { recursive: true });
    await writeFile(join(folder.path, 'package.json'), '{"type":"module"}');
    return folder;
  }

  /** The standalone server. */
  get server(): string {
    return join(this.#package, 'dist/main.js');
  }

  /** Puts a source of the host's into the folder; says where. */
  async write(name: string, code: string): Promise<string> {
    const path = join(this.path, name.replace(/\.ts$/, '.js'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await stripCode(code));
    return path;
  }

  /** Runs a program in the folder, with these variables and few others. */
  run(command: string, args: readonly string[] = [], env: Record<string, string> = {}): Program {
    const program = new Program(this.path, command, args, env);
    this.#programs.add(program);
    return program;
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#programs].map((program) => program.end()));
    await rm(this.path, { recursive: true, force: true });
  }
}

/** A program that was started, and what it has said. */
export class Program {
  output = '';
  /** Its status, once it has ended. */
  status: number | null = null;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #waiting: (() => void)[] = [];

  constructor(cwd: string, command: string, args: readonly string[], env: Record<string, string>) {
    const { PATH = '', HOME = '' } = process.env;
    this.#process = spawn(command, args, { cwd, env: { PATH, HOME, ...env } });
    this.#process.once('close', (status) => {
      this.status = status ?? -1;
      this.#notify();
    });
    this.#ended = once(this.#process, 'close');
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.output += chunk;
        this.#notify();
      });
    }
  }

  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** Waits until its output, from the given character on, matches; returns the match. */
  async says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output.slice(from));
      if (match) return match;
      if (this.status !== null) throw new Error(`It ended without ${pattern}:\n${this.output}`);
      // oxlint-disable-next-line no-await-in-loop -- what it says next decides
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async ended(): Promise<number> {
    await this.#ended;
    return this.status ?? -1;
  }

  async end(): Promise<void> {
    if (this.status === null) this.#process.kill('SIGTERM');
    await this.#ended;
  }

  #notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

async function strip(from: string, to: string): Promise<void> {
  const file = to.replace(/ts$/, 'js');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await stripCode(await readFile(from, 'utf8')));
}

/** Plain Node runs no TypeScript. */
async function stripCode(source: string): Promise<string> {
  const { code } = await transform(source, {
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'es6' },
  });
  return code;
}
