import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from '@swc/core';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A copy of some of the sources that plain Node runs, for tests that need a process to kill. */
export interface PlainSources {
  /** The `file:` URL of a source, by its path from the project's folder. */
  url(path: string): string;
  remove(): Promise<void>;
}

/**
 * Strips sources of their types, into a folder of its own.
 *
 * @param folders which sources, from the project's folder
 * @param hasPackages whether they find the project's packages
 */
export async function stripTypes(
  folders: readonly string[],
  { hasPackages = true } = {},
): Promise<PlainSources> {
  const target = await mkdtemp(join(tmpdir(), 'agent-webkit-plain-'));
  await writeFile(join(target, 'package.json'), '{"type":"module"}');
  if (hasPackages) await symlink(join(root, 'node_modules'), join(target, 'node_modules'));
  await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(join(root, folder), { recursive: true });
      const sources = names.filter((name) => name.endsWith('.ts'));
      await Promise.all(sources.map((name) => stripFile(join(folder, name), target)));
    }),
  );
  return {
    url: (path) => pathToFileURL(join(target, path.replace(/ts$/, 'js'))).href,
    remove: () => rm(target, { recursive: true }),
  };
}

async function stripFile(path: string, target: string): Promise<void> {
  const { code } = await transform(await readFile(join(root, path), 'utf8'), {
    jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  });
  const file = join(target, path.replace(/ts$/, 'js'));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, code);
}
