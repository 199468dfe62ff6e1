import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { PermissionContext } from '../../../src/agent-webkit/engine/agent-client.js';
import { createDeferred } from '../../../src/agent-webkit/agents/claude/deferred.js';
import { AgentBench } from './agent-bench.js';

let bench: AgentBench;
beforeAll(async () => {
  bench = await AgentBench.open();
});
afterEach(() => bench.clear());
afterAll(() => bench.close());

describe('a turn of a Claude agent', () => {
  it('is remembered by the next turn of the same process', async () => {
    const agent = bench.start();

    expect(await agent.turn('one')).toBe('heard one after 0');
    expect(await agent.turn('two')).toBe('heard two after 1');
    expect(await bench.programs()).toHaveLength(1);
  });

  it('streams its text in chunks when partial messages are requested', async () => {
    const agent = bench.start();
    await agent.turn('hi');

    const deltas = agent.seen
      .filter((message) => message.type === 'stream_event')
      .map(({ event }) => event)
      .filter((event) => event.type === 'content_block_delta')
      .map(({ delta }) => ('text' in delta ? delta.text : ''));
    expect(deltas.join('')).toBe('heard hi after 0');
    expect(deltas.length).toBeGreaterThan(1);
  });

  it('delivers whole messages when partial messages are not requested', async () => {
    const agent = bench.start({ includePartialMessages: false });
    await agent.turn('hi');

    expect(agent.seen.map((message) => message.type)).toContain('assistant');
    expect(agent.seen.map((message) => message.type)).not.toContain('stream_event');
  });

  it('accepts a message that is sent before the process has started', async () => {
    const agent = bench.start();
    agent.send('early');

    expect(await agent.next('result')).toMatchObject({ result: 'heard early after 0' });
  });

  it('runs in the folder of the session, with its id and its model', async () => {
    const agent = bench.start({ model: 'claude-opus-4-5' });
    agent.send('hi');

    expect(await agent.next('system', 'init')).toMatchObject({
      cwd: bench.env.cwd,
      session_id: agent.sessionId,
      model: 'claude-opus-4-5',
      permissionMode: 'default',
    });
  });
});

describe('a permission request of a Claude agent', () => {
  it('lets the tool run when it is allowed', async () => {
    const asked: [string, Record<string, unknown>, PermissionContext][] = [];
    const agent = bench.start({
      canUseTool: async (...ask) => {
        asked.push(ask);
        return { behavior: 'allow', updatedInput: ask[1] };
      },
    });

    expect(await agent.turn('bash touch made && ls')).toContain('made');
    expect(asked).toHaveLength(1);
    expect(asked[0]?.[0]).toBe('Bash');
    expect(asked[0]?.[1]).toMatchObject({ command: 'touch made && ls' });
    expect(asked[0]?.[2].toolUseID).toMatch(/^toolu_/);
    expect(asked[0]?.[2]).not.toHaveProperty('requestId');
  });

  it('reports the reason to the model when it is denied', async () => {
    const agent = bench.start({
      canUseTool: async () => ({ behavior: 'deny', message: 'not today' }),
    });

    expect(await agent.turn('bash touch denied')).toContain('not today');
  });

  it('ends the turn when it is denied with an interrupt, and the next turn works', async () => {
    const agent = bench.start({
      canUseTool: async () => ({ behavior: 'deny', message: 'stop', interrupt: true }),
    });
    agent.send('bash touch denied');

    expect(await agent.next('result')).toMatchObject({ subtype: 'error_during_execution' });
    agent.send('next');
    expect(await agent.next('result')).toMatchObject({ subtype: 'success', is_error: false });
  });

  it('is cancelled when the turn is interrupted', async () => {
    const asked = createDeferred<AbortSignal>();
    const agent = bench.start({
      canUseTool: (_name, _input, { signal }) => {
        asked.resolve(signal);
        return new Promise(() => {});
      },
    });
    agent.send('bash touch interrupted');
    const signal = await asked.promise;
    expect(signal.aborted).toBe(false);
    await agent.client.interrupt();

    expect(await agent.next('result')).toMatchObject({ is_error: true });
    expect(signal.aborted).toBe(true);
  });

  it('carries the answers to the questions of the agent', async () => {
    const agent = bench.start({
      canUseTool: async (name, input) => {
        expect(name).toBe('AskUserQuestion');
        const answers = { 'Which colour?': 'blue' };
        return { behavior: 'allow', updatedInput: { ...input, answers } };
      },
    });

    expect(await agent.turn('ask me')).toContain('blue');
  });
});

describe('an interrupt of a Claude agent', () => {
  it('withdraws the first message when it comes right after it, and the next turn works', async () => {
    const agent = bench.start();
    agent.send('hold');

    expect(await agent.client.interrupt()).toBe('withdrawn');
    expect(await agent.turn('next')).toContain('heard next');
  });

  it('withdraws a message to a running process when it comes right after it, and the next turn works', async () => {
    const agent = bench.start();
    await agent.turn('one');
    agent.send('hold');

    expect(await agent.client.interrupt()).toBe('withdrawn');
    expect(await agent.turn('next')).toContain('heard next');
  });

  it('ends the turn in the middle of an answer, and the next turn works', async () => {
    const agent = bench.start();
    agent.send('hold');
    await agent.streaming();
    await agent.client.interrupt();

    expect(await agent.next('result')).toMatchObject({ is_error: true });
    expect(await agent.turn('next')).toContain('heard next');
  });

  it('has no effect between turns', async () => {
    const agent = bench.start();
    await agent.turn('one');
    await agent.client.interrupt();

    expect(await agent.turn('two')).toBe('heard two after 1');
  });
});

describe('a running Claude agent', () => {
  it('applies a change of the model, also back to the default, from the next turn on', async () => {
    const agent = bench.start();
    await agent.turn('one');
    const model = () => bench.api.requests.at(-1)?.model;
    const usual = model();

    await agent.client.setModel('haiku');
    await agent.turn('two');
    expect(model()).toContain('haiku');

    await agent.client.setModel(null);
    await agent.turn('three');
    expect(model()).toBe(usual);
  });

  it('applies a change of the permission mode from the next turn on', async () => {
    const agent = bench.start();
    await agent.turn('one');
    await agent.client.setPermissionMode('plan');
    agent.send('two');

    expect(await agent.next('system', 'init')).toMatchObject({ permissionMode: 'plan' });
  });

  it('rejects a change to bypassPermissions unless the session was started in that mode', async () => {
    const agent = bench.start();

    await expect(agent.client.setPermissionMode('bypassPermissions')).rejects.toThrow(
      "The running agent rejected the permission mode 'bypassPermissions'.",
    );
  });
});
