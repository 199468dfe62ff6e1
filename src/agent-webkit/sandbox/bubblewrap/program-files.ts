import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import type { SandboxCommand } from '../../engine/agent-sandbox.js';
import { isWithin, type Mount, readOnlyMount } from './mounts.js';

/** Programs whose first argument without a dash is a script. */
const INTERPRETER = /^(node|nodejs|bun|deno|sh|bash|dash|zsh|python[0-9.]*|ruby|perl)$/;
/** Their options whose value is the next argument. */
const OPTION_WITH_FILE = /^(-r|--require|--import|--loader|--experimental-loader|--preload)$/;

/** A program as it is started inside. */
export interface Program {
  readonly command: string;
  /** The files that it consists of, outside the folders of the system. */
  readonly mounts: readonly Mount[];
}

/**
 * Finds the files of a program: its executable, the script that it interprets, and their interpreter.
 *
 * @param system the paths that are inside in any case
 * @throws when the program does not exist or cannot be executed
 */
export function findProgram(
  { command, args, env }: Pick<SandboxCommand, 'command' | 'args' | 'env'>,
  system: readonly string[],
): Program {
  if (!isAbsolute(command)) {
    throw new Error(`A sandbox needs the absolute path of a program, but got ${command}.`);
  }
  accessSync(command, constants.X_OK);
  const isOutside = (path: string) => !system.some((folder) => isWithin(path, folder));
  const real = realpathSync(command);
  const executables = [real, ...interpretersOf(real, env['PATH'] ?? '')];
  const mounts = [
    ...executables.filter(isOutside).flatMap(installationOf).map(readOnlyMount),
    ...scriptsOf(real, args).filter(isOutside).flatMap(scriptMounts),
  ];
  // A link outside the folders of the system does not exist inside.
  return { command: isOutside(command) ? real : command, mounts };
}

/** Returns the path of a program in the folders of PATH; null when there is none. */
export function findInPath(name: string, path: string): string | null {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      if (isAbsolute(folder) && statSync(candidate).isFile()) return candidate;
    } catch {
      // The next folder may have it.
    }
  }
  return null;
}

/** Returns the interpreter that the first line of a script names, and what that line starts by `env`. */
function interpretersOf(file: string, path: string): string[] {
  const [, interpreter, argument] = /^#! *(\S+)(?: +(?:-S +)?(\S+))?/.exec(firstBytes(file)) ?? [];
  if (interpreter === undefined || !existsSync(interpreter)) return [];
  const started = basename(interpreter) === 'env' ? findInPath(argument ?? '', path) : null;
  return [interpreter, ...(started === null ? [] : [started])].map((name) => realpathSync(name));
}

function firstBytes(file: string): string {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(256);
      const length = readSync(descriptor, bytes, 0, bytes.length, 0);
      return bytes.toString('utf8', 0, length);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Such an executable may be executed, and not read: it is no script.
    return '';
  }
}

/**
 * Returns an executable, for an interpreter with the rest of its installation if that is in a folder of its
 * own, as those of nvm, pyenv and Homebrew are: `<prefix>/bin` next to `<prefix>/lib`.
 */
function installationOf(executable: string): string[] {
  const folder = dirname(executable);
  const library = join(dirname(folder), 'lib');
  const isInstalled = basename(folder) === 'bin' && existsSync(library);
  if (!isInstalled || !INTERPRETER.test(basename(executable))) return [executable];
  return [folder, realpathSync(library)];
}

/** Returns the absolute paths of the scripts among the arguments of an interpreter. */
function scriptsOf(interpreter: string, args: readonly string[]): string[] {
  if (!INTERPRETER.test(basename(interpreter))) return [];
  const scripts: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const isOption = args[index]?.startsWith('-') ?? false;
    if (isOption && !OPTION_WITH_FILE.test(args[index] ?? '')) continue;
    if (isOption) index += 1;
    const file = args[index] ?? '';
    if (isAbsolute(file) && statSync(file, { throwIfNoEntry: false })?.isFile()) scripts.push(file);
    if (!isOption) break;
  }
  return scripts;
}

/** Returns a script at its path, with the installed package that it belongs to. */
function scriptMounts(script: string): Mount[] {
  const real = realpathSync(script);
  const packageFolder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(real)?.[0];
  const file = readOnlyMount(packageFolder ?? real);
  return real === script ? [file] : [file, { path: script, args: ['--symlink', real, script] }];
}
