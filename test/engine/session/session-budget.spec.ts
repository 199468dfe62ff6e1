import { afterEach, describe, expect, it } from '@jest/globals';
import { backgroundTasks, conversationReset, init, result } from '../../support/sdk-messages.js';
import { SessionBench, settle } from '../../support/session-bench.js';

describe('The budget of a session', () => {
  let bench: SessionBench;
  afterEach(() => bench.close());

  /** Plays one turn, after which the agent's running total is this. */
  async function turn(cost: number): Promise<void> {
    const [agents, turns] = [bench.agents.length, (await bench.data('result')).length];
    const inputs = bench.agents.at(-1)?.inputs.length ?? 0;
    await bench.say('hi');
    await bench.said('turn_start', turns + 1);
    await settle();
    await bench.agent.received(bench.agents.length > agents ? 1 : inputs + 1);
    bench.agent.say(init(), result({ cost }));
    await bench.said('result', turns + 1);
    await settle();
  }

  const exhausted = {
    subtype: 'error_max_budget_usd',
    is_error: true,
    total_cost_usd: 0,
    errors: ['Reached maximum budget ($2)'],
  };

  it('gives each agent what the agents before it left', async () => {
    bench = await SessionBench.start({ config: { maxBudgetUsd: 2 } });
    expect(bench.agent.start.maxBudgetUsd).toBe(2);
    await turn(0.5);
    await bench.session.stopIdleAgent();
    await turn(1.25);
    expect(bench.agent.start.maxBudgetUsd).toBe(1.5);
    bench.agent.die('crashed');
    await bench.said('error');

    bench = await SessionBench.restart(bench);
    await turn(1.5);
    expect(bench.agent.start.maxBudgetUsd).toBe(0.75);
  });

  it('ends every later turn without an agent once it is spent', async () => {
    bench = await SessionBench.start({ config: { maxBudgetUsd: 2 } });
    await turn(2);
    await bench.say('more');
    await bench.said('result', 2);
    expect(bench.agent.inputs).toHaveLength(1);
    expect(bench.session.state).toBe('idle');
    await bench.session.stopIdleAgent();
    await bench.say('and more');
    await bench.say('and more');
    await bench.said('result', 4);
    await settle();
    expect(bench.agents).toHaveLength(1);
    expect(bench.session.state).toBe('dormant');
    const results = await bench.data('result');
    const sessionCost = { ...exhausted, session_cost_usd: 2 };
    expect(results.slice(1)).toMatchObject([sessionCost, sessionCost, sessionCost]);
  });

  it('counts a turn that a crash cut off', async () => {
    bench = await SessionBench.start({ config: { maxBudgetUsd: 2 } });
    await turn(0.5);
    await bench.say('hi');
    await bench.agent.received(2);
    bench.agent.unreportedUsd = 1;
    bench.agent.die('crashed');
    await bench.said('result', 2);
    expect((await bench.data('result')).at(-1)).toMatchObject({
      subtype: 'error_during_execution',
      total_cost_usd: 1,
      session_cost_usd: 1.5,
    });
    await bench.say('again');
    expect((await bench.started(2)).start.maxBudgetUsd).toBe(0.5);
  });

  it('continues when it is raised', async () => {
    bench = await SessionBench.start({ config: { maxBudgetUsd: 2 } });
    await turn(2);
    await bench.session.setMaxBudget(5);
    await bench.said('session_state');
    expect(bench.agents[0]?.isClosed).toBe(true);
    await bench.say('more');
    expect((await bench.started(2)).start.maxBudgetUsd).toBe(3);
  });

  it('starts no agent for a budget of 0', async () => {
    bench = await SessionBench.start({ config: { maxBudgetUsd: 0 } });
    await bench.say('hi');
    await bench.said('result');
    expect(bench.agents).toEqual([]);
  });

  it('counts turns that the agent began by itself', async () => {
    bench = await SessionBench.start({ config: { maxBudgetUsd: 2 } });
    await turn(0.5);
    const own = { ...result({ cost: 2 }), origin: { kind: 'task-notification' } };
    bench.agent.say(init(), own as typeof own & ReturnType<typeof result>);
    await bench.said('result', 2);
    await bench.say('more');
    await bench.said('result', 3);
    expect((await bench.data('result')).at(-1)).toMatchObject(exhausted);
    expect(bench.agent.inputs).toHaveLength(1);
  });

  it('replaces an agent that counts from zero again, as after /clear', async () => {
    bench = await SessionBench.start({ config: { maxBudgetUsd: 2 } });
    await turn(0.5);
    await bench.say('/clear');
    await bench.agent.received(2);
    bench.agent.say(conversationReset(), backgroundTasks('task'), init(), result());
    await bench.said('session_state');
    expect(bench.agents[0]?.isClosed).toBe(true);
    expect(bench.session.state).toBe('dormant');
    await bench.say('next');
    expect((await bench.started(2)).start.maxBudgetUsd).toBe(1.5);
  });

  it('replaces it before a message that is queued already', async () => {
    bench = await SessionBench.start({ config: { maxBudgetUsd: 2 } });
    await bench.say('/clear');
    await bench.say('next');
    await bench.agent.received(1);
    bench.agent.say(conversationReset(), init(), result());
    await (await bench.started(2)).received(1);
    expect(bench.agents[0]?.inputs).toHaveLength(1);
  });

  it('keeps the agent after /clear when there is none', async () => {
    bench = await SessionBench.start();
    await bench.say('/clear');
    await bench.agent.received(1);
    bench.agent.say(conversationReset(), init(), result());
    await bench.said('result');
    await bench.say('next');
    await bench.agent.received(2);
    expect(bench.agents).toHaveLength(1);
  });
});
