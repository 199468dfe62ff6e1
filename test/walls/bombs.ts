import type { ToolCall } from './walls-world.js';

const MIB = 1024 ** 2;

/** The limits of the agents that explode. */
export const LIMITS = {
  sandbox: { memoryBytes: 512 * MIB, processes: 100, cpuSeconds: 10, fileBytes: 16 * MIB },
  workspace: { quotaBytes: 64 * MIB },
};

type Calls = readonly Omit<ToolCall, 'id'>[];

const bash = (command: string): Calls => [
  { tool: 'Bash', input: { command, description: 'test', timeout: 110_000 } },
];

/** Fills the folder in which it runs with files that are each below the limit. */
const fill = 'for i in $(seq 16); do head -c 8M /dev/zero > "fill-$i"; done; sleep 60';

const LINES = 40_000;

/** The same lines in another order for each number, so that comparing two of them takes a second. */
const shuffled = (order: number) =>
  Array.from({ length: LINES }, (_, index) => (index * (2 * order + 3) * 7919) % LINES).join('\n');

/**
 * Calls that exceed a limit of the whole agent, with the code of the error. Each stops at a bound of its own, so that
 * a machine survives it without a limit.
 */
export const BOMBS: Readonly<Record<string, { code: string; calls: Calls }>> = {
  'memory of one process': {
    code: 'agent_memory_exceeded',
    calls: bash(`perl -e 'my @kept; for (1..1500) { push @kept, "x" x ${MIB} } sleep 20'`),
  },
  // Each half alone is below the limit.
  'memory together with temporary files': {
    code: 'agent_memory_exceeded',
    calls: bash(
      `head -c 250M /dev/zero > /tmp/big; perl -e 'my $kept = "x" x ${300 * MIB}; sleep 20'`,
    ),
  },
  forks: {
    code: 'agent_processes_exceeded',
    calls: bash(`perl -e 'for (1..10) { fork } my $end = time + 20; 1 while time < $end'`),
  },
  threads: {
    code: 'agent_processes_exceeded',
    calls: bash(`python3 -c 'import threading, time
for _ in range(300): threading.Thread(target=time.sleep, args=(20,)).start()'`),
  },
};

/** Bombs that explode slowly, and can do so at the same time. */
export const SLOW_BOMBS: typeof BOMBS = {
  'files in its folder': { code: 'disk_quota_exceeded', calls: bash(fill) },
  'files in its home': { code: 'disk_quota_exceeded', calls: bash(`cd ~; ${fill}`) },
  // Claude Code computes what each call changes.
  'processor time of the agent itself': {
    code: 'agent_cpu_exceeded',
    calls: Array.from({ length: 30 }, (_, order) => ({
      tool: 'Write',
      input: { file_path: 'long.txt', content: shuffled(order) },
    })),
  },
};

/** Commands that exceed a limit of one process, and what the model then sees. */
export const SMALL_BOMBS: Readonly<Record<string, { command: string; output: string }>> = {
  'a large file': {
    command: 'head -c 20M /dev/zero > big; echo ended with $?',
    output: 'ended with 153',
  },
  'processor time': {
    command: 'sh -c "while :; do :; done"; echo ended with $?',
    output: 'ended with 152',
  },
};
