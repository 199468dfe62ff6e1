import { isAbsolute } from 'node:path';
import type { AgentSandbox } from '../../engine/agent-sandbox.js';
import type { Descriptors } from '../descriptor.js';
import { amount, hidden, integer, listOrNoneOf, orNull, type Rule } from '../rules.js';

/** Which sandbox agents run in. */
export type SandboxChoice = 'auto' | 'required' | 'none' | AgentSandbox;

/** The walls around agents, and what they may use. */
export interface SandboxOptions {
  /**
   * The sandbox of the agents. `auto`: one that works on this machine, and none where there is no such;
   * a server that others can reach then refuses to start. `required`: the server does not start without
   * one. `none`: agents run with the rights of the server, and read all that it can read. Or a sandbox
   * of the host's own.
   *
   * It is for agents of `claudeSdkFactory()`. An `sdkFactory` of your own builds its own walls.
   *
   * @default auto
   */
  readonly use?: SandboxChoice;

  /**
   * Files and folders of the server that every agent can read, at the same path, in addition to the
   * system's. Absolute paths.
   *
   * @default none
   */
  readonly readOnly?: readonly string[];

  /**
   * Memory of an agent with all that it starts, in bytes, at least 512 MiB. Beyond it, the agent is ended
   * with the `error` event `agent_memory_exceeded`. Null for no limit.
   *
   * @default 4 GiB
   */
  readonly memoryBytes?: number | null;

  /**
   * Number of processes and threads of an agent, at least 64. Beyond it, the agent is ended with the
   * `error` event `agent_processes_exceeded`. Null for no limit.
   *
   * @default 512
   */
  readonly processes?: number | null;

  /**
   * Processor time of an agent, in cores. It is slowed down beyond it. Only with cgroup v2. Null for no
   * limit.
   *
   * @default null
   */
  readonly cpus?: number | null;

  /**
   * Processor time of one process, in seconds, at least 10. Beyond it, the process is ended. If it is the
   * agent's own, the session has the `error` event `agent_cpu_exceeded`. Null for no limit.
   *
   * @default 3600
   */
  readonly cpuSeconds?: number | null;

  /**
   * Size of one file that an agent writes, in bytes, at least 16 MiB. A process that exceeds it is ended.
   * Null for no limit.
   *
   * @default 1 GiB
   */
  readonly fileBytes?: number | null;

  /**
   * Size of the private `/tmp` of an agent, in bytes, at least 1 MiB. It is in memory, and counts as memory
   * of the agent. Null for no limit.
   *
   * @default 256 MiB
   */
  readonly tempBytes?: number | null;
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

const absolutePath: Rule<string> = {
  words: 'an absolute path',
  accepts: (value): value is string => typeof value === 'string' && isAbsolute(value),
  allowsNull: false,
  text: { parse: (text) => text },
};

const sandboxRule: Rule<SandboxChoice> = {
  words: "'auto', 'required', 'none' or an AgentSandbox: { name, endsWithServer, check, start }",
  accepts: (value): value is SandboxChoice => {
    if (value === 'auto' || value === 'required' || value === 'none') return true;
    if (typeof value !== 'object' || value === null) return false;
    const { name, check, start } = value as Partial<AgentSandbox>;
    return typeof name === 'string' && typeof check === 'function' && typeof start === 'function';
  },
  allowsNull: false,
  show: (value) => (typeof value === 'string' ? `'${value}'` : hidden()),
  text: {
    words: 'one of auto, required, none',
    parse: (text) => text,
  },
};

export const SANDBOX = {
  use: {
    rule: sandboxRule,
    default: 'auto',
    variable: 'AGENT_WEBKIT_SANDBOX',
    effect:
      'The sandbox of the agents. See [The sandbox](./sandbox.md). `none` accepts that agents read all that the server can read.',
  },
  readOnly: {
    rule: listOrNoneOf('absolute paths', absolutePath),
    computeDefault: () => [],
    defaultText: 'none',
    effect: 'Files and folders of the server that every agent can read, at the same path.',
  },
  memoryBytes: {
    rule: orNull(integer(512 * MIB)),
    default: 4 * GIB,
    defaultText: '4 GiB',
    unit: 'bytes',
    effect:
      'Memory of an agent with all that it starts. Beyond it, the agent is ended with the `error` event `agent_memory_exceeded`. Null for no limit.',
  },
  processes: {
    rule: orNull(integer(64)),
    default: 512,
    unit: 'processes and threads',
    effect:
      'Number of processes and threads of an agent. Beyond it, the agent is ended with the `error` event `agent_processes_exceeded`. Null for no limit.',
  },
  cpus: {
    rule: orNull(amount),
    default: null,
    unit: 'cores',
    effect:
      'Processor time of an agent, which is slowed down beyond it. Only with cgroup v2. Null for no limit.',
  },
  cpuSeconds: {
    rule: orNull(integer(10)),
    default: 3600,
    unit: 'seconds',
    effect:
      'Processor time of one process. Beyond it, the process is ended; for the process of the agent, with the `error` event `agent_cpu_exceeded`. Null for no limit.',
  },
  fileBytes: {
    rule: orNull(integer(16 * MIB)),
    default: GIB,
    defaultText: '1 GiB',
    unit: 'bytes',
    effect:
      'Size of one file that an agent writes. A process that exceeds it is ended. Null for no limit.',
  },
  tempBytes: {
    rule: orNull(integer(MIB)),
    default: 256 * MIB,
    defaultText: '256 MiB',
    unit: 'bytes',
    effect:
      'Size of the private `/tmp` of an agent, which counts as memory of the agent. Null for no limit.',
  },
} satisfies Descriptors<SandboxOptions>;
