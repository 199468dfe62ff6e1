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

describe('a resumed agent', () => {
  it('remembers what was said', async () => {
    const first = bench.start();
    await first.turn('one');
    await first.client.close(1000);
    const second = bench.start({ sessionId: first.sessionId, resume: true });

    expect(await second.turn('two')).toBe('heard two after 1');
  });

  it('remembers the question whose answer was cut off', async () => {
    const first = bench.start();
    first.send('hold the door');
    await first.streaming();
    await first.client.close(0);
    const second = bench.start({ sessionId: first.sessionId, resume: true });
    await second.turn('two');

    expect(JSON.stringify(bench.api.requests.at(-1)?.messages)).toContain('hold the door');
  });
});

describe('an agent told to start the wrong way', () => {
  it('begins the conversation when there is none to resume', async () => {
    const agent = bench.start({ resume: true });

    expect(await agent.turn('hello')).toBe('heard hello after 0');
    expect(agent.seen.filter((message) => message.type === 'result')).toHaveLength(1);
    expect(agent.seen.every((message) => message.session_id === agent.sessionId)).toBe(true);
  });

  it('begins it also when nothing has been said yet', async () => {
    const agent = bench.start({ resume: true });
    await agent.client.setPermissionMode('plan');

    expect(await agent.turn('hello')).toBe('heard hello after 0');
  });

  it('resumes the conversation when there is one of its id', async () => {
    const first = bench.start();
    await first.turn('one');
    await first.client.close(1000);
    const second = bench.start({ sessionId: first.sessionId });

    expect(await second.turn('two')).toBe('heard two after 1');
  });

  it('keeps the interrupt of a turn that neither start had begun', async () => {
    const agent = bench.start({ resume: true });
    agent.send('hold');
    await agent.client.interrupt();

    expect(await agent.next('result')).toMatchObject({ is_error: true });
    expect(await agent.turn('next')).toContain('heard next');
  });
});

describe('what a host adds', () => {
  it('may depend on the session', async () => {
    const { overrides } = bench.env;
    const agent = bench.start({}, async ({ sessionId }) => ({
      ...overrides,
      env: { ...overrides.env, SESSION: sessionId },
    }));

    expect(await agent.turn('bash echo $SESSION')).toContain(agent.sessionId);
  });

  it("does not let the server's own settings reach the agent's tools", async () => {
    const { env } = bench.env.overrides;
    const agent = bench.start({}, { env: { ...env, AGENT_WEBKIT_TOKEN: 'secret', MINE: 'yes' } });
    const output = await agent.turn('bash env');

    expect(output).toContain('MINE=yes');
    expect(output).not.toContain('secret');
  });
});

describe('bypassPermissions', () => {
  const asRoot = itOnly(process.getuid?.() === 0 ? null : 'Only root is refused.');

  it('lets tools run unasked', async () => {
    const agent = bench.start(
      {
        permissionMode: 'bypassPermissions',
        canUseTool: async () => ({ behavior: 'deny', message: 'asked' }),
      },
      // Without it the agent refuses the mode to root, as whom containers often run tests.
      { env: { ...bench.env.overrides.env, IS_SANDBOX: '1' } },
    );

    expect(await agent.turn('bash touch unasked && ls')).toContain('unasked');
  });

  asRoot('is refused to root', async () => {
    const agent = bench.start({ permissionMode: 'bypassPermissions' });

    expect((await agent.ended)?.message).toBe(
      'The permission mode bypassPermissions is refused to a server that runs as root.',
    );
  });
});

describe('an agent that cannot start', () => {
  const nowhere = join('/', 'nowhere', 'at-all');

  it('says that its program is missing', async () => {
    const agent = bench.start({}, { pathToClaudeCodeExecutable: nowhere });
    agent.send('hi');
    const error = await agent.ended;

    expect(error).toBeInstanceOf(AgentFailure);
    expect(error?.message).toContain("The agent's program is not installed on this server");
    expect(error?.message).not.toContain('nowhere');
    expect(error?.cause).toMatchObject({ code: 'ENOENT' });
  });

  it('says that its working directory is missing', async () => {
    const agent = bench.start({ cwd: nowhere });

    expect((await agent.ended)?.message).toBe(
      "The agent's working directory does not exist on this server.",
    );
  });

  it("says nothing of why the host's own function failed, but keeps it as the cause", async () => {
    const cause = new Error('/etc/secret is empty');
    const agent = bench.start({}, () => {
      throw cause;
    });

    expect(await agent.ended).toMatchObject({ message: 'The agent could not be started.', cause });
    await expect(agent.client.setModel('haiku')).rejects.toThrow('The agent could not be started.');
  });

  it('refuses control calls at once', async () => {
    const agent = bench.start({}, { pathToClaudeCodeExecutable: nowhere });
    const calls = [agent.client.setModel('haiku'), agent.client.interrupt()];
    const outcomes = await Promise.allSettled(calls);

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
