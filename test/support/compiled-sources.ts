import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from '@swc/core';

const root = fileURLToPath(new URL('../../', import.meta.url));

const asJavaScript = (path: string) => path.replace(/\.ts$/, '.js');

/** Compiles one TypeScript source to JavaScript that plain Node runs. */
export async function compile(source: string): Promise<string> {
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

/** Compiles every source below a folder of the project into another folder. */
export async function compileFolder(folder: string, target: string): Promise<void> {
  const names = await readdir(join(root, folder), { recursive: true });
  await Promise.all(
    names
      .filter((name) => name.endsWith('.ts'))
      .map(async (name) => {
        const file = join(target, asJavaScript(name));
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, await compile(await readFile(join(root, folder, name), 'utf8')));
      }),
  );
}

/** Sources as they are now, compiled for tests that run them in a Node process of their own. */
export class CompiledSources {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Compiles folders of the project.
   *
   * @param hasPackages false to hide the packages of `node_modules` from the sources
   */
  static async create(
    folders: readonly string[] = ['src'],
    { hasPackages = true } = {},
  ): Promise<CompiledSources> {
    const parent = hasPackages ? join(root, 'node_modules/.cache') : tmpdir();
    const sources = new CompiledSources(join(parent, `agent-webkit-compiled-${randomUUID()}`));
    await mkdir(sources.#folder, { recursive: true });
    await writeFile(join(sources.#folder, 'package.json'), '{"type":"module"}');
    await Promise.all(
      folders.map((folder) => compileFolder(folder, join(sources.#folder, folder))),
    );
    return sources;
  }

  /** Returns the path of a compiled source. */
  path(source: string): string {
    return join(this.#folder, asJavaScript(source));
  }

  /** Returns the `file:` URL of a compiled source. */
  url(source: string): string {
    return pathToFileURL(this.path(source)).href;
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
