import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DelegatedGroup } from '../../../src/agent-webkit/sandbox/limits/delegated-group.js';
import { ProcessLimits } from '../../../src/agent-webkit/sandbox/limits/process-limits.js';
import type { SandboxLimits } from '../../../src/agent-webkit/engine/agent-sandbox.js';
import { eventually } from '../../support/eventually.js';
import { FakeCgroups } from './fake-cgroups.js';

const LIMITS: SandboxLimits = {
  memoryBytes: 1_000_000_000,
  processes: 80,
  cpus: 1.5,
  cpuSeconds: null,
  fileBytes: null,
  tempBytes: null,
};
const KILLED = { code: null, signal: 'SIGKILL' } as const;

describe('the cgroup of an agent', () => {
  let cgroups: FakeCgroups;
  beforeEach(() => {
    cgroups = new FakeCgroups('/agents');
    cgroups.add('/agents');
  });
  afterEach(() => cgroups.remove());

  const group = () => ({
    folder: join(cgroups.mountPoint, 'agents'),
    controllers: ['memory', 'cpu'],
  });
  const limitsWith = (findGroup: () => ReturnType<typeof group> | string) =>
    new ProcessLimits({ platform: 'linux', findGroup });
  const agentGroups = () =>
    cgroups.list('cgroup/agents').filter((name) => name.startsWith('agent-webkit-agent-'));
  const read = (file: string) => cgroups.read(`cgroup/agents/${agentGroups()[0]}/${file}`);

  it('has the limits of the agent, and lets it have a few processes more until the server notices', () => {
    limitsWith(group).begin(LIMITS);
    expect(read('memory.max')).toBe('1000000000');
    expect(read('memory.swap.max')).toBe('0');
    expect(read('memory.oom.group')).toBe('1');
    expect(Number(read('pids.max'))).toBeGreaterThan(80);
    expect(read('cpu.max')).toBe('150000 100000');
  });

  it('is entered by the command that starts the sandbox, before it starts it', () => {
    const { prefix } = limitsWith(group).begin(LIMITS);
    const [shell = '', ...args] = prefix;
    const output = execFileSync(shell, [...args, '/bin/echo', 'two words', '$HOME'], {
      encoding: 'utf8',
    });
    expect(output).toBe('two words $HOME\n');
    // The kernel takes 0 for the process that writes it.
    expect(read('cgroup.procs')).toBe('0\n');
  });

  it('starts nothing when it cannot be entered', () => {
    const { prefix } = limitsWith(group).begin(LIMITS);
    rmSync(join(cgroups.mountPoint, 'agents', String(agentGroups()[0])), { recursive: true });
    const [shell = '', ...args] = prefix;
    expect(() =>
      execFileSync(shell, [...args, '/bin/echo', 'started'], { stdio: 'pipe' }),
    ).toThrow();
  });

  it.each([
    ['oom 3\noom_kill 2\n', 'memory'],
    // The whole machine had no memory left.
    ['oom 0\noom_kill 1\n', null],
    ['oom 0\noom_kill 0\n', null],
  ])('says by its events %j that the agent exceeded %p', (events, exceeded) => {
    const program = limitsWith(group).begin(LIMITS);
    cgroups.write(
      `cgroup/agents/${agentGroups()[0]}/memory.events`,
      `low 0\nhigh 0\nmax 9\n${events}`,
    );
    expect(program.end(KILLED)).toBe(exceeded);
  });

  it.each([
    ['max 2\n', 'processes'],
    ['max 0\n', null],
  ])('says by the refused processes %j that the agent exceeded %p', (events, exceeded) => {
    const program = limitsWith(group).begin(LIMITS);
    cgroups.write(`cgroup/agents/${agentGroups()[0]}/pids.events`, events);
    expect(program.end(KILLED)).toBe(exceeded);
  });

  it('is killed and removed when the agent has ended, also when its processes take a while', async () => {
    const program = limitsWith(group).begin(LIMITS);
    const [name] = agentGroups();
    program.end(KILLED);
    expect(read('cgroup.kill')).toBe('1');
    // The folder can be removed when the kernel has no process in it any more.
    await eventually(() => {
      for (const file of agentGroups().length > 0 ? cgroups.list(`cgroup/agents/${name}`) : []) {
        rmSync(join(cgroups.mountPoint, 'agents', String(name), file));
      }
      return agentGroups().length === 0;
    });
  });

  it('is removed at the next start when its server was killed, and that of a living server is not', () => {
    const stat = (pid: number, start: number) =>
      cgroups.write(`proc/${pid}/stat`, `${pid} (node) S 1 ${'0 '.repeat(17)}${start} 0 0`);
    stat(process.pid, 5);
    stat(100, 77);
    const mine = cgroups.add(`/agents/agent-webkit-agent-100-77-1`);
    const reused = cgroups.add(`/agents/agent-webkit-agent-100-60-1`);
    const ended = cgroups.add(`/agents/agent-webkit-agent-99-60-1`);
    cgroups.add(`/agents/of-somebody-else`);
    new ProcessLimits({ platform: 'linux', findGroup: group, proc: cgroups.proc }).prepare();
    const isKilled = (folder: string) =>
      cgroups.list(folder.slice(cgroups.root.length + 1)).includes('cgroup.kill');
    expect([mine, reused, ended].map(isKilled)).toEqual([false, true, true]);
    expect(cgroups.list('cgroup/agents/of-somebody-else')).not.toContain('cgroup.kill');
  });

  it('is done without when it cannot be created', () => {
    const program = limitsWith(() => ({ ...group(), folder: '/proc/1/none' })).begin(LIMITS);
    expect(program.prefix).toEqual([]);
    expect(program.end({ code: 0, signal: null })).toBeNull();
  });
});

describe('the description of the limits', () => {
  const all = { ...LIMITS, cpuSeconds: 60, fileBytes: 1024 ** 3, tempBytes: 1024 ** 2 };
  const described = (platform: NodeJS.Platform, group: DelegatedGroup | string) =>
    new ProcessLimits({ platform, findGroup: () => group }).describe(all);

  it('says which limits a cgroup holds', () => {
    expect(described('linux', { folder: '/none', controllers: ['memory', 'pids', 'cpu'] })).toBe(
      'Limits of each agent: memory of 954 MiB by cgroup v2, 80 processes and threads by cgroup v2, ' +
        '1.5 cores by cgroup v2, 60 s of processor time of a process by rlimits, ' +
        'files of 1024 MiB by rlimits, a /tmp of 1 MiB.',
    );
  });

  it('says what does not hold without one, and why there is none', () => {
    expect(described('linux', 'There is no cgroup.')).toMatch(
      /memory of 954 MiB by a watch.*Not held on this machine: sandbox.cpus\. There is no cgroup\.$/,
    );
    expect(described('darwin', 'There is no cgroup.')).toMatch(
      /Not held on this machine: sandbox.memoryBytes, sandbox.processes, sandbox.cpus, sandbox.tempBytes\./,
    );
  });
});
