import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createDeferred } from '../../../src/agent-webkit/agents/claude/deferred.js';
import { eventually } from '../../support/eventually.js';
import { AgentBench, ENDLESS_COMMAND, kill, type Subject } from './agent-bench.js';

let bench: AgentBench;
beforeAll(async () => {
  bench = await AgentBench.open();
});
afterEach(() => bench.clear());
afterAll(() => bench.close());

/** Starts an agent and brings it to each phase of its life. */
const phases: Record<string, () => Promise<Subject>> = {
  'before its process exists': async () => bench.start(),
  'while its process starts': async () => {
    const agent = bench.start();
    await eventually(
      () => bench.programs(),
      (pids) => pids.length > 0,
    );
    return agent;
  },
  'while it starts the other way round': async () => {
    const agent = bench.start({ resume: true });
    const [first] = await eventually(
      () => bench.programs(),
      (pids) => pids.length > 0,
    );
    await eventually(
      () => bench.programs(),
      (pids) => pids.every((pid) => pid !== first),
    );
    return agent;
  },
  'while it is idle': async () => {
    const agent = bench.start();
    await agent.turn('hi');
    return agent;
  },
  'while it streams': async () => {
    const agent = bench.start();
    agent.send('hold');
    await agent.streaming();
    return agent;
  },
  'while it waits for a permission': async () => {
    const asked = createDeferred<void>();
    const agent = bench.start({
      canUseTool: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    agent.send('bash touch never');
    await asked.promise;
    return agent;
  },
  'while a tool runs': async () => {
    const agent = bench.start();
    agent.send(`bash ${ENDLESS_COMMAND}`);
    await eventually(
      () => bench.programs(),
      (pids) => pids.length >= 3,
    );
    return agent;
  },
  'while a tool runs in the background': async () => {
    const agent = bench.start();
    await agent.turn(`bash (setsid ${ENDLESS_COMMAND} > /dev/null 2>&1 &)`);
    await eventually(
      () => bench.programs(),
      (pids) => pids.length === 2,
    );
    return agent;
  },
};

describe.each(Object.entries(phases))('a Claude agent that is closed %s', (_phase, reach) => {
  it.each([0, 300])('leaves no process behind with a grace period of %i ms', async (graceMs) => {
    const agent = await reach();
    await agent.client.close(graceMs);

    expect(await bench.processes()).toEqual([]);
    expect(await agent.ended).toBeNull();
    expect(await bench.processes()).toEqual([]);
  });
});

describe('the close of a Claude agent', () => {
  it('returns the same promise to every caller', async () => {
    const agent = bench.start();
    await agent.turn('hi');
    const closed = agent.client.close(1000);

    expect(agent.client.close(0)).toBe(closed);
    await closed;
    expect(agent.client.close(0)).toBe(closed);
  });

  it('lets a turn finish within the grace period and delivers its messages', async () => {
    const agent = bench.start();
    agent.send('bash sleep 2; echo done-by-now');
    await eventually(
      () => bench.programs(),
      (pids) => pids.length >= 3,
    );
    await agent.client.close(10_000);

    expect(await agent.ended).toBeNull();
    expect(await agent.next('result')).toMatchObject({ is_error: false });
  });

  it("does not wait for the host's function", async () => {
    const agent = bench.start({}, () => new Promise(() => {}));
    await agent.client.close(1000);

    expect(await agent.ended).toBeNull();
  });

  it("does not wait for the host's session store, and prevents a later start", async () => {
    const loading = createDeferred<void>();
    const loaded = createDeferred<null>();
    const sessionStore = {
      append: async () => {},
      load: () => {
        loading.resolve();
        return loaded.promise;
      },
    };
    const agent = bench.start({ resume: true }, { sessionStore });
    await loading.promise;
    await agent.client.close(1000);
    expect(await agent.ended).toBeNull();

    loaded.resolve(null);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await bench.processes()).toEqual([]);
  });

  it('ends a process that does not respond', async () => {
    const agent = bench.start();
    await agent.turn('hi');
    const [pid] = await bench.programs();
    kill(pid, 'SIGSTOP');
    await agent.client.close(100);

    expect(await bench.processes()).toEqual([]);
    expect(await agent.ended).toBeNull();
  });

  it('rejects pending and later control calls', async () => {
    const agent = bench.start();
    const waiting = agent.client.setModel('haiku');
    const outcome = expect(waiting).rejects.toThrow('The agent is closed.');
    await agent.client.close(0);

    await outcome;
    await expect(agent.client.setPermissionMode('plan')).rejects.toThrow('The agent is closed.');
    await expect(agent.client.interrupt()).rejects.toThrow('The agent is closed.');
  });
});

describe('a Claude agent whose process is killed', () => {
  it.each([
    ['SIGKILL', 'The agent process ended unexpectedly (signal SIGKILL).'],
    ['SIGTERM', 'The agent process ended unexpectedly (exit code 143).'],
  ] as const)('reports %s during a turn and ends its tools', async (signal, sentence) => {
    const agent = bench.start();
    agent.send(`bash ${ENDLESS_COMMAND}`);
    // Not before: a program that only starts the agent may have ended by then.
    const [first] = await eventually(
      () => bench.programs(),
      (pids) => pids.length >= 3,
    );
    kill(first, signal);

    expect((await agent.ended)?.message).toBe(sentence);
    expect(await bench.processes()).toEqual([]);
  });

  it('rejects control calls', async () => {
    const agent = bench.start();
    await agent.turn('hi');
    const [pid] = await bench.programs();
    kill(pid, 'SIGKILL');
    const calls = [agent.client.setModel('haiku'), agent.client.setPermissionMode('plan')];
    const outcomes = await Promise.allSettled([...calls, agent.client.interrupt()]);

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect((await agent.ended)?.message).toContain('SIGKILL');
    await expect(agent.client.setModel('haiku')).rejects.toThrow();
  });
});
