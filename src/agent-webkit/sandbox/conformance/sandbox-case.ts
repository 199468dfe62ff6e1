import type { ChildProcess } from 'node:child_process';
import type {
  AgentSandbox,
  SandboxCommand,
  SandboxLimits,
  SandboxWalls,
} from '../../engine/agent-sandbox.js';
import type { World } from './world.js';

/** One guarantee of the sandbox port. */
export interface SandboxCase {
  /** The guarantee, as a sentence. */
  readonly name: string;
  /** Rejects, usually with an `AssertionError`, when the sandbox does not keep the guarantee. */
  readonly run: () => Promise<void>;
}

/** Facts about a sandbox that the cases cannot find out. */
export interface SandboxConformanceOptions {
  /** The limits that the sandbox holds. The others are not checked. @default none */
  readonly limits?: readonly (keyof SandboxLimits)[];
  /**
   * Starts a Node process that starts this command in the sandbox, as a server does, and returns it. The
   * case kills it with SIGKILL, and expects that the program ends. Without it, that is not checked.
   */
  readonly startServer?: (command: SandboxCommand, walls: SandboxWalls) => ChildProcess;
  /** Files and folders that Node needs inside, besides its executable and the system's folders. @default none */
  readonly readOnly?: readonly string[];
  /** How long a program inside may take to start, to answer or to end, in milliseconds. @default 20,000 */
  readonly limitMs?: number;
  /** The folder in which each case makes its folders. @default the system's folder for temporary files */
  readonly folder?: string;
}

/** A sandbox and what is known about it. */
export interface Subject extends SandboxConformanceOptions {
  readonly sandbox: AgentSandbox;
}

/** The body of a case, which checks one guarantee in a world of its own. */
export type SandboxCaseBody = (world: World) => Promise<void>;

/** Cases by their names. */
export type SandboxCases = readonly (readonly [name: string, body: SandboxCaseBody])[];
