import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AgentProcess } from '../../../src/agent-webkit/agents/claude/agent-process.js';
import { findProcesses } from '../../../src/agent-webkit/agents/claude/process-sweep.js';

const started: AgentProcess[] = [];
afterEach(() => Promise.all(started.splice(0).map((agent) => agent.close(0))));

/** Runs a Node.js program in place of the agent. Resolves after its first output. */
async function start(program: string, onStderr?: (text: string) => void): Promise<AgentProcess> {
  const agent = new AgentProcess(
    {
      command: process.execPath,
      args: ['-e', `${program};console.log('ready')`],
      env: { PATH: process.env['PATH'] },
      signal: new AbortController().signal,
    },
    { onStderr },
  );
  started.push(agent);
  await once(agent.pipes.stdout, 'data');
  return agent;
}

const stay = 'setInterval(() => {}, 1000);';

describe('an agent process that is closed', () => {
  it('may exit by itself when its input ends', async () => {
    const agent = await start("process.stdin.resume().on('end', () => process.exit(3))");
    await agent.close(10_000);

    expect(await agent.gone).toMatchObject({ code: 3, signal: null });
  });

  it('is sent SIGTERM when it does not exit', async () => {
    const agent = await start(`${stay} process.on('SIGTERM', () => process.exit(4))`);
    await agent.close(0);

    expect(await agent.gone).toMatchObject({ code: 4, signal: null });
  });

  it('is sent SIGKILL when it ignores SIGTERM', async () => {
    const agent = await start(`${stay} process.on('SIGTERM', () => {})`);
    await agent.close(0);

    expect(await agent.gone).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(await findProcesses(agent.marker)).toEqual([]);
  });
});

describe('the standard error of an agent process', () => {
  it('is complete when the process is gone, and is passed on', async () => {
    let heard = '';
    const agent = await start("console.error('oh no'); process.exitCode = 1", (text) => {
      heard += text;
    });

    expect(await agent.gone).toMatchObject({ code: 1, signal: null });
    expect(agent.stderr).toBe('oh no\n');
    expect(heard).toBe('oh no\n');
  });

  it('keeps its last 4 kB', async () => {
    const agent = await start("console.error('x'.repeat(100_000) + 'end')");
    await agent.gone;

    expect(agent.stderr).toHaveLength(4096);
    expect(agent.stderr).toMatch(/xend\n$/);
  });
});

it('an agent process that cannot be spawned is gone at once and reports the error', async () => {
  const { signal } = new AbortController();
  const agent = new AgentProcess({ command: '/nowhere/at-all', args: [], env: {}, signal });

  expect(await agent.gone).toMatchObject({ error: { code: 'ENOENT' } });
  await agent.close(1000);
});
