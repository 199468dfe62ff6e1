import { EventEmitter } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { PassThrough } from 'node:stream';
import type {
  AgentSandbox,
  SandboxCommand,
  SandboxProcess,
  SandboxWalls,
} from '../../engine/agent-sandbox.js';
import { ProcessLimits, type ProgramLimits } from '../limits/process-limits.js';
import { checkArgumentSize } from './argument-size.js';
import { BubblewrapProcess, type BubblewrapStart } from './bubblewrap-process.js';
import { checkBubblewrap } from './check.js';
import { launcherScript, proxyVariables, withOddVariables } from './launcher.js';
import { inheritedDescriptors } from './inherited-descriptors.js';
import { type Mount, mountArgs, temporaryMounts, wallMounts } from './mounts.js';
import { protectionOfDevices } from './own-devices.js';
import { findInPath, findProgram } from './program-files.js';
import { seccompFilter } from './seccomp.js';
import { generatedFiles, kernelMounts, SYSTEM_PATHS, systemMounts } from './system-folders.js';

/** The options of {@link bubblewrapSandbox}. */
export interface BubblewrapOptions {
  /** The path of bubblewrap. @default `bwrap` in the folders of PATH */
  readonly program?: string;
  /**
   * Files and folders of the system that programs inside can read, where they exist. Links stay links.
   *
   * @default `/usr`, `/bin`, `/sbin`, `/lib*`, and the parts of `/etc` that programs need
   */
  readonly system?: readonly string[];
  /** True when agents may reach hosts, so that the check requires `socat`. @default false */
  readonly network?: boolean;
}

/** The folder of what the sandbox itself needs inside. */
const OWN_FOLDER = '/run/agent-webkit';
const LAUNCHER = `${OWN_FOLDER}/start`;

/** The further file descriptors of bubblewrap. */
const ARGS_FD = 3;
const STATUS_FD = 4;
const LAUNCHER_FD = 5;
const SECCOMP_FD = 6;
const FIRST_FILE_FD = 8;

/**
 * Returns the sandbox of Linux, by bubblewrap. Each program has namespaces of its own: users, processes,
 * files, network, shared memory, host name and cgroups. Everything inside ends with the process that `start`
 * returns, and that process ends with this server: the kernel sees to both.
 */
export function bubblewrapSandbox(options: BubblewrapOptions = {}): AgentSandbox {
  const { system = SYSTEM_PATHS, network = false } = options;
  const path = process.env['PATH'] ?? '';
  const limits = new ProcessLimits();
  const find = () => options.program ?? findInPath('bwrap', path);
  const sandbox: AgentSandbox = {
    name: 'bubblewrap',
    endsWithServer: true,
    check: () => {
      const socat = network ? findInPath('socat', path) : undefined;
      return checkBubblewrap(sandbox, { bubblewrap: find(), socat });
    },
    describeLimits: (walls) => limits.describe(walls),
    start: (command, walls) => {
      const programLimits = limits.begin(walls.limits);
      try {
        const start = planStart({ bubblewrap: find(), command, walls, system, programLimits });
        return new BubblewrapProcess(start, programLimits);
      } catch (error) {
        programLimits.end({ code: null, signal: null });
        return unstarted(error as Error);
      }
    },
  };
  return sandbox;
}

interface Plan {
  readonly bubblewrap: string | null;
  readonly command: SandboxCommand;
  readonly walls: SandboxWalls;
  readonly system: readonly string[];
  readonly programLimits: ProgramLimits;
}

/** @throws when the walls or the program are not as they must be */
function planStart({ bubblewrap, command, walls, system, programLimits }: Plan): BubblewrapStart {
  if (bubblewrap === null) throw new Error('bubblewrap is not installed.');
  accessSync(bubblewrap, constants.X_OK);
  checkArgumentSize(command);
  const program = findProgram(command, system);
  const relay = walls.proxySocket === null ? null : findRelay(walls.proxySocket, system);
  const env = { ...command.env, ...(relay === null ? {} : proxyVariables()) };
  const words = withOddVariables([program.command, ...command.args], env);
  const launcher = launcherScript({ words, env, limits: programLimits.lines, relay });

  const inputs = new Map<number, string | Buffer>([[LAUNCHER_FD, launcher]]);
  const files = [fileMount(LAUNCHER, LAUNCHER_FD)];
  for (const [path, content] of Object.entries(generatedFiles(command.env['HOME'] ?? '/'))) {
    const descriptor = FIRST_FILE_FD + inputs.size - 1;
    inputs.set(descriptor, content);
    files.push(fileMount(path, descriptor));
  }
  const filter = seccompFilter();
  if (filter !== null) inputs.set(SECCOMP_FD, filter);
  const descriptors = [ARGS_FD, STATUS_FD, ...inputs.keys()];
  const inherited = inheritedDescriptors().filter((one) => one > Math.max(...descriptors));

  const mounts = [
    ...kernelMounts(),
    ...systemMounts(system),
    ...temporaryMounts(walls.limits.tempBytes),
    ...program.mounts,
    ...(relay === null ? [] : relay.mounts),
    ...wallMounts(walls),
    ...files,
    closeDescriptors(inherited),
  ];
  const args = [
    ['--unshare-all', '--unshare-user', '--disable-userns', '--die-with-parent', '--as-pid-1'],
    ['--new-session', '--clearenv', '--cap-drop', 'ALL', '--hostname', 'sandbox'],
    ['--json-status-fd', String(STATUS_FD)],
    filter === null ? [] : ['--seccomp', String(SECCOMP_FD)],
    mountArgs(mounts),
    ...Object.entries(env).map(([name, value]) => ['--setenv', name, value]),
    ['--chdir', command.cwd],
  ].flat();
  inputs.set(ARGS_FD, args.map((arg) => `${arg}\0`).join(''));
  return {
    // All users of a machine can read a command line, so it contains nothing of the session.
    command: [
      ...programLimits.prefix,
      ...protectionOfDevices(),
      bubblewrap,
      '--args',
      `${ARGS_FD}`,
      '--',
      '/bin/sh',
      LAUNCHER,
    ],
    inputs,
    statusFd: STATUS_FD,
    inherited,
  };
}

function fileMount(path: string, descriptor: number): Mount {
  return { path, args: ['--perms', '0444', '--ro-bind-data', String(descriptor), path] };
}

/** Closes file descriptors: bubblewrap copies each, which is empty, into a file, and closes it. */
function closeDescriptors(descriptors: readonly number[]): Mount {
  const path = `${OWN_FOLDER}/empty`;
  return { path, args: descriptors.flatMap((descriptor) => ['--file', String(descriptor), path]) };
}

function findRelay(socket: string, system: readonly string[]) {
  const socat = findInPath('socat', process.env['PATH'] ?? '');
  if (socat === null) {
    throw new Error('socat is not installed. Install it, for example by `apt-get install socat`.');
  }
  const { command, mounts } = findProgram({ command: socat, args: [], env: {} }, system);
  return { socat: command, socket, mounts };
}

/** Returns a process that could not be started. */
function unstarted(error: Error): SandboxProcess {
  const events = new EventEmitter().on('error', () => {});
  // Later, as with a process of Node: the caller has not yet added its listener.
  setImmediate(() => events.emit('error', error));
  return Object.assign(events, {
    stdin: new PassThrough().end().resume(),
    stdout: new PassThrough().end(),
    stderr: new PassThrough().end(),
    killed: false,
    exitCode: null,
    kill: () => false,
  });
}
