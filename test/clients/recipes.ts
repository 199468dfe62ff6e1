import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Block, readBlocks, ROOT } from '../docs/markdown.js';
import { Program } from '../support/program.js';

const DOCUMENT = 'docs/clients.md';

/** The input of a program of the page. */
export interface Target {
  url: string;
  token: string;
  session: string;
}

/** A program of the page that runs. */
export interface Running {
  readonly file: string;
  /** Returns the text that it has shown so far. */
  text(): Promise<string>;
  /** Resolves when it has ended, or has stopped to read: to null where it has no exit status. */
  ended(): Promise<number | string | null>;
  close(): Promise<void>;
}

interface Recipe {
  /** The file name on the block's opening line. */
  file: string;
  /** The programs of the machine that it needs. */
  needs: readonly string[];
  /** Compiles it, where the language requires it. */
  build?: readonly string[];
  run: (target: Target) => readonly string[];
  /** True if it prints the JSON of each delta on a line. */
  isJson?: boolean;
}

const node = (file: string): Recipe => ({
  file,
  needs: [],
  run: ({ session }) => [process.execPath, file, session],
});

/** The programs that run without a browser. */
export const RECIPES: readonly Recipe[] = [
  node('webkit.mjs'),
  node('core.mjs'),
  node('eventsource.mjs'),
  node('polling.mjs'),
  {
    file: 'client.py',
    needs: ['python3'],
    run: ({ session }) => ['python3', 'client.py', session],
  },
  {
    file: 'client.go',
    needs: ['go'],
    build: ['go', 'build', '-o', 'go-client', 'client.go'],
    run: ({ session }) => ['./go-client', session],
  },
  {
    file: 'Client.java',
    needs: ['java', 'javac'],
    build: ['javac', 'Client.java'],
    run: ({ session }) => ['java', 'Client', session],
    isJson: true,
  },
  { file: 'client.rb', needs: ['ruby'], run: ({ session }) => ['ruby', 'client.rb', session] },
  {
    file: 'client.sh',
    needs: ['bash', 'curl'],
    run: ({ session }) => ['bash', 'client.sh', session],
    isJson: true,
  },
];

/** Returns a sentence about the programs that this machine lacks, or null. */
export function findMissingPrograms(): string | null {
  const needed = new Set(RECIPES.flatMap(({ needs }) => needs));
  const missing = [...needed].filter((name) => spawnSync('which', [name]).status !== 0);
  return missing.length === 0 ? null : `These programs are not installed: ${missing.join(', ')}.`;
}

/** Returns the block of the page with this file name. */
export function readRecipe(file: string): Block {
  const block = readBlocks(DOCUMENT).find(({ label }) => label === file);
  if (!block) throw new Error(`${DOCUMENT} has no block named ${file}.`);
  return block;
}

/** Returns the names of all programs on the page. */
export const recipeNames = (): string[] =>
  readBlocks(DOCUMENT).flatMap(({ label }) => (label === '' ? [] : [label]));

/** A folder with the programs of the page, compiled. */
export class RecipeFolder {
  readonly path = join(ROOT, 'node_modules/.cache', `clients-${randomUUID()}`);
  readonly #running: Program[] = [];

  /**
   * @param silenceSeconds replaces the 45 seconds of silence after which a program reconnects
   * @param build true to compile the programs that need it
   */
  static async create({ silenceSeconds = 45, build = false } = {}): Promise<RecipeFolder> {
    const folder = new RecipeFolder();
    await mkdir(join(folder.path, 'node_modules'), { recursive: true });
    await symlink(ROOT, join(folder.path, 'node_modules/nestjs-agent-webkit'));
    for (const name of recipeNames()) {
      const { code } = readRecipe(name);
      const text = code.replaceAll(/\b45(?=\b|_000\b)/g, String(silenceSeconds));
      // oxlint-disable-next-line no-await-in-loop -- a few small files
      await writeFile(join(folder.path, name), text);
    }
    if (build) await Promise.all(RECIPES.map((recipe) => folder.#build(recipe)));
    return folder;
  }

  start({ file, run, isJson = false }: Recipe, target: Target): Running {
    const [command = '', ...args] = run(target);
    const program = new Program(command, args, {
      cwd: this.path,
      env: { AGENT_URL: target.url, AGENT_TOKEN: target.token },
    });
    this.#running.push(program);
    return {
      file,
      text: async () => (isJson ? textOf(program.lines) : program.output),
      ended: () => program.ended(),
      close: () => program.kill(),
    };
  }

  async #build({ build: [command = '', ...args] = [] }: Recipe): Promise<void> {
    if (command === '') return;
    const compiler = new Program(command, args, { cwd: this.path });
    if ((await compiler.ended()) !== 0) throw new Error(compiler.output);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#running.map((program) => program.kill()));
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Returns the text of deltas, each the JSON of a line. Other lines remain as they are. */
function textOf(lines: readonly string[]): string {
  return lines
    .map((line) =>
      line.startsWith('{"message_id"')
        ? ((JSON.parse(line) as { delta: { text?: string } }).delta.text ?? '')
        : line,
    )
    .join('');
}
