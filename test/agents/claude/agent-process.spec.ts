import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AgentProcess } from '../../../src/agent-webkit/agents/claude/agent-process.js';
import { findProcesses } from '../../../src/agent-webkit/agents/claude/process-sweep.js';

const started: AgentProcess[] = [];
afterEach(() => Promise.all(started.splice(0).map((agent) => agent.close(0))));

/** Runs a program of Node in the place of the agent. Resolves when it has said something. */
async function start(program: string, onStderr?: (text: string) => void): Promise<AgentProcess> {
  const agent = new AgentProcess(
    {
      command: process.execPath,
      args: ['-e', `${program};console.log('ready')`],
      env: { PATH: process.env['PATH'] },
      signal: new AbortController().signal,
    },
    null,
    onStderr,
  );
  started.push(agent);
  await once(agent.child.stdout, 'data');
  return agent;
}

const stay = 'setInterval(() => {}, 1000);';

describe('a process that is closed', () => {
  it('may end by itself when its input ends', async () => {
    const agent = await start("process.stdin.resume().on('end', () => process.exit(3))");
    await agent.close(10_000);

    expect(await agent.gone).toEqual({ code: 3, signal: null });
  });

  it('gets SIGTERM when it does not', async () => {
    const agent = await start(`${stay} process.on('SIGTERM', () => process.exit(4))`);
    await agent.close(0);

    expect(await agent.gone).toEqual({ code: 4, signal: null });
  });

  it('gets SIGKILL when that does not help', async () => {
    const agent = await start(`${stay} process.on('SIGTERM', () => {})`);
    await agent.close(0);

    expect(await agent.gone).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await findProcesses(agent.marker)).toEqual([]);
  });
});

describe("a process's standard error", () => {
  it('is complete when it is gone, and passed on', async () => {
    let heard = '';
    const agent = await start("console.error('oh no'); process.exitCode = 1", (text) => {
      heard += text;
    });

    expect(await agent.gone).toEqual({ code: 1, signal: null });
    expect(agent.stderr).toBe('oh no\n');
    expect(heard).toBe('oh no\n');
  });

  it('is kept to its last 4 kB', async () => {
    const agent = await start("console.error('x'.repeat(100_000) + 'end')");
    await agent.gone;

    expect(agent.stderr).toHaveLength(4096);
    expect(agent.stderr).toMatch(/xend\n$/);
  });
});

it('a process that cannot be spawned is gone at once, and says why', async () => {
  const { signal } = new AbortController();
  const agent = new AgentProcess({ command: '/nowhere/at-all', args: [], env: {}, signal });

  expect(await agent.gone).toMatchObject({ error: { code: 'ENOENT' } });
  await agent.close(1000);
});
