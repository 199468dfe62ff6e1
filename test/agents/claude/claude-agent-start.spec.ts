import { eventually } from '../../support/eventually.js';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AgentFailure } from '../../../src/agent-webkit/agents/claude/agent-failure.js';
import { itOnly } from '../../support/needs.js';
import { AgentBench } from './agent-bench.js';

let bench: AgentBench;
beforeAll(async () => {
  bench = await AgentBench.open();
});
afterEach(() => bench.clear());
afterAll(() => bench.close());

describe('a resumed Claude agent', () => {
  it('remembers the conversation', async () => {
    const first = bench.start();
    await first.turn('one');
    await first.client.close(1000);
    const second = bench.start({ sessionId: first.sessionId, resume: true });

    expect(await second.turn('two')).toBe('heard two after 1');
  });

  it('remembers a message whose answer was aborted', async () => {
    const first = bench.start();
    first.send('hold the door');
    await first.streaming();
    await first.client.close(0);
    const second = bench.start({ sessionId: first.sessionId, resume: true });
    await second.turn('two');

    expect(JSON.stringify(bench.api.requests.at(-1)?.messages)).toContain('hold the door');
  });
});

describe('a Claude agent that is started the wrong way', () => {
  it('begins the conversation when there is none to resume', async () => {
    const agent = bench.start({ resume: true });

    expect(await agent.turn('hello')).toBe('heard hello after 0');
    expect(agent.seen.filter((message) => message.type === 'result')).toHaveLength(1);
    expect(agent.seen.every((message) => message.session_id === agent.sessionId)).toBe(true);
  });

  it('begins the conversation when there is none to resume and no message yet', async () => {
    const agent = bench.start({ resume: true });
    await agent.client.setPermissionMode('plan');

    expect(await agent.turn('hello')).toBe('heard hello after 0');
  });

  it('resumes the conversation when its id exists already', async () => {
    const first = bench.start();
    await first.turn('one');
    await first.client.close(1000);
    const second = bench.start({ sessionId: first.sessionId });

    expect(await second.turn('two')).toBe('heard two after 1');
  });

  it('keeps an interrupt for a turn that neither process has started', async () => {
    const agent = bench.start({ resume: true });
    agent.send('hold');
    await eventually(async () => (await bench.processes()).length > 0);
    // The turn has a result if its process had begun it.
    await ((await agent.client.interrupt()) ?? agent.next('result'));

    expect(await agent.turn('next')).toContain('heard next');
  });
});

describe('the overrides of a host', () => {
  it('may depend on the session', async () => {
    const { overrides } = bench.env;
    const agent = bench.start({}, async ({ sessionId }) => ({
      ...overrides,
      env: { ...overrides.env, SESSION: sessionId },
    }));

    expect(await agent.turn('bash echo $SESSION')).toContain(agent.sessionId);
  });

  it("do not pass the server's own settings to the agent's tools", async () => {
    const { env } = bench.env.overrides;
    const agent = bench.start({}, { env: { ...env, AGENT_WEBKIT_TOKEN: 'secret', MINE: 'yes' } });
    const output = await agent.turn('bash env');

    expect(output).toContain('MINE=yes');
    expect(output).not.toContain('secret');
  });
});

describe('the permission mode bypassPermissions', () => {
  const asRoot = itOnly(
    process.getuid?.() === 0 ? null : 'The agent rejects the mode for root only.',
  );

  it('lets tools run without a permission request', async () => {
    const agent = bench.start(
      {
        permissionMode: 'bypassPermissions',
        canUseTool: async () => ({ behavior: 'deny', message: 'asked' }),
      },
      // Without it, the agent rejects the mode for root, the user of many test containers.
      { env: { ...bench.env.overrides.env, IS_SANDBOX: '1' } },
    );

    expect(await agent.turn('bash touch unasked && ls')).toContain('unasked');
  });

  asRoot('is refused to root', async () => {
    const agent = bench.start({ permissionMode: 'bypassPermissions' });

    expect((await agent.ended)?.message).toBe(
      "The permission mode 'bypassPermissions' is not available on a server that runs as root.",
    );
  });
});

describe('a Claude agent that cannot start', () => {
  const nowhere = join('/', 'nowhere', 'at-all');

  it('reports that its executable is missing', async () => {
    const agent = bench.start({}, { pathToClaudeCodeExecutable: nowhere });
    agent.send('hi');
    const error = await agent.ended;

    expect(error).toBeInstanceOf(AgentFailure);
    expect(error?.message).toContain('The agent executable is not installed on this server');
    expect(error?.message).not.toContain('nowhere');
    expect(error?.cause).toMatchObject({ message: expect.stringContaining('nowhere') });
  });

  it('reports that its working directory is missing', async () => {
    const agent = bench.start({ cwd: nowhere });

    expect((await agent.ended)?.message).toBe(
      'The working directory of the agent does not exist on this server, or is not a folder.',
    );
  });

  it("hides the error of the host's function from clients and keeps it as the cause", async () => {
    const cause = new Error('/etc/secret is empty');
    const agent = bench.start({}, () => {
      throw cause;
    });

    expect(await agent.ended).toMatchObject({
      message: 'The agent could not be started. See the server log.',
      cause,
    });
    await expect(agent.client.setModel('haiku')).rejects.toThrow('The agent could not be started.');
  });

  it('rejects control calls at once', async () => {
    const agent = bench.start({}, { pathToClaudeCodeExecutable: nowhere });
    const calls = [agent.client.setModel('haiku'), agent.client.interrupt()];
    const outcomes = await Promise.allSettled(calls);

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
