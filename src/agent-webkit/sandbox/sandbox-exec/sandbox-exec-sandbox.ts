import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentSandbox, SandboxCommand, SandboxWalls } from '../../engine/agent-sandbox.js';
import { limitLines } from '../limits/limit-lines.js';
import { checkSandboxExec } from './check.js';
import { createProfile } from './profile.js';
import { openProxyRelay, type ProxyRelay } from './proxy-relay.js';
import { SandboxExecProcess } from './sandbox-exec-process.js';

/** The options of {@link sandboxExecSandbox}. */
export interface SandboxExecOptions {
  /** The path of sandbox-exec. @default '/usr/bin/sandbox-exec' */
  readonly program?: string;
  /**
   * Folders of the system that programs inside can read, and whose programs they can run.
   *
   * @default those of macOS, of its command line tools, and of Homebrew
   */
  readonly system?: readonly string[];
}

const SYSTEM_FOLDERS = [
  '/bin',
  '/sbin',
  '/usr',
  '/System/Library',
  '/System/Volumes/Preboot/Cryptexes',
  '/Library/Apple',
  '/Library/Developer/CommandLineTools',
  '/private/etc/ssl',
  '/private/var/db/dyld',
  '/private/var/db/timezone',
  '/private/var/select',
  '/opt/homebrew',
];

/**
 * Returns the sandbox of macOS, by sandbox-exec. The system has no namespaces, so it differs from others:
 *
 * - Programs see the process ids of others, which they cannot send signals to.
 * - The temporary folder is a folder of the server's, which is removed with the program, not `/tmp`. TMPDIR
 *   and CLAUDE_CODE_TMPDIR name it.
 * - The proxy is a port on loopback, which other users of the machine can reach. The server's loopback cannot be
 *   reached otherwise, and programs inside cannot listen.
 * - Of the limits, those of a process hold: `fileBytes` and `cpuSeconds`.
 * - A process that leaves its group survives the program.
 */
export function sandboxExecSandbox(options: SandboxExecOptions = {}): AgentSandbox {
  const { program = '/usr/bin/sandbox-exec', system = SYSTEM_FOLDERS } = options;
  const sandbox: AgentSandbox = {
    name: 'sandbox-exec',
    endsWithServer: false,
    check: () => checkSandboxExec(sandbox, program),
    start: (command, walls) => start(program, system, command, walls),
  };
  return sandbox;
}

function start(
  program: string,
  system: readonly string[],
  command: SandboxCommand,
  walls: SandboxWalls,
): SandboxExecProcess {
  let folder: string | null = null;
  let relay: ProxyRelay | null = null;
  const prepare = async (): Promise<ChildProcess> => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'agent-webkit-temp-'));
    if (walls.proxySocket !== null) relay = await openProxyRelay(walls.proxySocket);
    const proxyPort = relay?.port ?? null;
    const profile = createProfile({
      ...walls,
      program: command.command,
      system,
      writable: [...walls.writable, folder],
      proxyPort,
    });
    return spawn(program, sandboxExecArgs(command, walls, profile), {
      cwd: command.cwd,
      env: environment(command.env, folder, proxyPort),
      stdio: 'pipe',
      detached: true,
    });
  };
  return new SandboxExecProcess(prepare, () => {
    relay?.close();
    if (folder !== null) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
}

/** Returns the arguments of sandbox-exec. A shell inside sets the limits, and becomes the program. */
function sandboxExecArgs(
  { command, args }: SandboxCommand,
  { limits }: SandboxWalls,
  { text, parameters }: ReturnType<typeof createProfile>,
): string[] {
  const values = Object.entries(parameters).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  const lines = [...limitLines(limits, 'darwin'), 'exec "$@"'].join('\n');
  return [...values, '-p', text, '/bin/sh', '-c', lines, 'sh', command, ...args];
}

function environment(
  env: Readonly<Record<string, string>>,
  folder: string,
  proxyPort: number | null,
): Record<string, string> {
  const temporary = { TMPDIR: folder, CLAUDE_CODE_TMPDIR: folder };
  if (proxyPort === null) return { ...env, ...temporary };
  const proxy = `http://127.0.0.1:${proxyPort}`;
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [
    name,
    name.toLowerCase(),
  ]);
  const variables = Object.fromEntries(names.map((name) => [name, proxy]));
  // With the last one, Node.js (from 22.21 and 24.5 on) uses the others.
  return { ...env, ...temporary, ...variables, NODE_USE_ENV_PROXY: '1' };
}
