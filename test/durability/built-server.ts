import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The standalone server, compiled as for a release, into a folder of its own. */
export class BuiltServer {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async build(): Promise<BuiltServer> {
    // Inside the project, so that its packages are found from there.
    const cache = join(root, 'node_modules', '.cache');
    await mkdir(cache, { recursive: true });
    const folder = await mkdtemp(join(cache, 'durability-'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const project = ['-p', join(root, 'tsconfig.build.json'), '--outDir', folder];
    const options = ['--noCheck', '--declaration', 'false', '--incremental', 'false'];
    await promisify(execFile)(process.execPath, [tsc, ...project, ...options]);
    return new BuiltServer(folder);
  }

  /** The file that Node runs. */
  get main(): string {
    return join(this.#folder, 'main.js');
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true });
  }
}
