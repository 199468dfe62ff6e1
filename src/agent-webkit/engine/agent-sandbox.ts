import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** A program to run, as a sandbox receives it. */
export interface SandboxCommand {
  /** The absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  /** The absolute path of its working directory, which is in a writable folder. */
  readonly cwd: string;
  /** Its whole environment. A sandbox adds the variables of its network proxy, and no others. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The world of a program inside. Each path is absolute and real, and is the same inside as outside. Whatever
 * is not listed does not exist inside, apart from system folders such as `/usr`, the program itself, and
 * what the sandbox creates: `/proc` with the sandbox's own processes, a minimal `/dev`, and an empty `/tmp`.
 */
export interface SandboxWalls {
  /** Folders that can be read and written. */
  readonly writable: readonly string[];
  /** Files and folders that can be read. */
  readonly readOnly: readonly string[];
  /** Folders inside the others that are empty and not writable. */
  readonly hidden: readonly string[];
  /** Unix sockets that can be connected to. */
  readonly sockets: readonly string[];
  /**
   * The Unix socket of an HTTP proxy, which is the only way to the network. The sandbox makes it reachable
   * as `HTTP_PROXY` and `HTTPS_PROXY`. Null for no network at all.
   */
  readonly proxySocket: string | null;
  readonly limits: SandboxLimits;
}

/** The limits of a sandbox, null for none. A sandbox holds those that its system offers. */
export interface SandboxLimits {
  /** Memory of all processes together, in bytes. */
  readonly memoryBytes: number | null;
  /** Number of processes and threads. */
  readonly processes: number | null;
  /** Processor time, in cores, such as 0.5 or 2. */
  readonly cpus: number | null;
  /** Processor time of one process, in seconds. */
  readonly cpuSeconds: number | null;
  /** Size of one file, in bytes. */
  readonly fileBytes: number | null;
  /** Size of the private `/tmp`, in bytes. It is in memory. */
  readonly tempBytes: number | null;
}

/** A limit that a program has exceeded, so that the sandbox ended it. */
export type ExceededLimit = 'memory' | 'processes' | 'cpu';

/**
 * A program in a sandbox. It emits `exit` with its exit code and its signal, or `error` when it could not
 * be started. Neither throws.
 */
export interface SandboxProcess extends Pick<EventEmitter, 'on' | 'once' | 'off'> {
  readonly stdin: Writable;
  /** Ends when no process inside has it any more, also while the program runs. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Undefined when it could not be started, or runs on another machine. */
  readonly pid?: number | undefined;
  readonly killed: boolean;
  readonly exitCode: number | null;
  readonly signalCode?: NodeJS.Signals | null;
  /** The limit that it has exceeded; null for none. Known when `exit` is emitted. */
  readonly exceeded?: ExceededLimit | null;
  /** SIGTERM asks the program to end. SIGKILL ends it and everything that it started. */
  kill(signal: NodeJS.Signals): boolean;
}

/**
 * The walls around the agents: runs a program so that nothing exists for it but what its walls list. A host
 * can provide its own, for example one that starts virtual machines. The cases of `sandboxConformance` in
 * `nestjs-agent-webkit/testing` are escape attempts, each of which it must stop.
 */
export interface AgentSandbox {
  /** A short name, which clients see, such as `bubblewrap`. */
  readonly name: string;
  /**
   * True when everything inside ends with the process that {@link start} returns, and that process ends
   * with this server, whatever kills it. Otherwise, the server looks for processes that are left.
   */
  readonly endsWithServer: boolean;
  /**
   * Resolves to null when it works on this machine, or else to sentences that say what is missing, and
   * which package or setting to change.
   */
  check(): Promise<string | null>;
  /**
   * Returns sentences for the server's log: which of these limits hold on this machine, and by what. Called
   * at the start of the server, when the sandbox works.
   */
  describeLimits?(limits: SandboxLimits): string;
  /** Starts a program. Returns at once, and never throws: a failed start is the `error` event of the process. */
  start(command: SandboxCommand, walls: SandboxWalls): SandboxProcess;
}
