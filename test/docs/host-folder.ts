import { randomUUID } from 'node:crypto';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { compile, compileFolder } from '../support/compiled-sources.js';
import { Program } from '../support/program.js';
import { ROOT } from './markdown.js';

/**
 * A host's folder with the package in its `node_modules`, compiled from the current sources. All
 * other packages are resolved from the project's own `node_modules` above it.
 */
export class HostFolder {
  readonly path = join(ROOT, 'node_modules/.cache', `host-${randomUUID()}`);
  readonly #package = join(this.path, 'node_modules/nestjs-agent-webkit');
  readonly #programs = new Set<Program>();

  static async create(): Promise<HostFolder> {
    const folder = new HostFolder();
    await compileFolder('src', join(folder.#package, 'dist'));
    await cp(join(ROOT, 'package.json'), join(folder.#package, 'package.json'));
    await cp(join(ROOT, 'dist/page'), join(folder.#package, 'dist/page'), { recursive: true });
    await writeFile(join(folder.path, 'package.json'), '{"type":"module"}');
    return folder;
  }

  /** The path of the standalone server's program. */
  get server(): string {
    return join(this.#package, 'dist/main.js');
  }

  /** Compiles a source of the host into the folder. Resolves to its path. */
  async write(name: string, code: string): Promise<string> {
    const path = join(this.path, name.replace(/\.ts$/, '.js'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await compile(code));
    return path;
  }

  /** Starts a program in the folder, with these variables in a minimal environment. */
  run(command: string, args: readonly string[] = [], env: Record<string, string> = {}): Program {
    const program = new Program(command, args, { cwd: this.path, env });
    this.#programs.add(program);
    return program;
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#programs].map((program) => program.end()));
    await rm(this.path, { recursive: true, force: true });
  }
}
