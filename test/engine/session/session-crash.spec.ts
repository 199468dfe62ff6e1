import { afterEach, describe, expect, it } from '@jest/globals';
import { createDeferred } from '../../../src/agent-webkit/agents/claude/deferred.js';
import type { SdkFactory } from '../../../src/agent-webkit/engine/agent-client.js';
import { FakeAgentClient } from '../../support/fake-agent-client.js';
import { HeldStorage } from '../../support/held-storage.js';
import { apiError, SAMPLES } from '../../support/sdk-samples.js';
import { assistant, result, stream, text } from '../../support/sdk-messages.js';
import { SessionBench, settle } from '../../support/session-bench.js';

describe('an agent that ends by itself', () => {
  let bench: SessionBench;
  afterEach(() => bench.close());

  it('is reported as agent_start_failed with a reason when it sent no message', async () => {
    bench = await SessionBench.start();
    bench.agent.die('There is no such program.');
    await bench.said('session_state');
    expect(await bench.names()).toEqual(['session_ready', 'error', 'session_state']);
    expect(await bench.data('error')).toEqual([
      { code: 'agent_start_failed', message: 'There is no such program.' },
    ]);
    expect(bench.session.state).toBe('dormant');
  });

  it('reports what it could not store while it is being stopped, and nothing else', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    bench.agent.say(result());
    await bench.said('result');
    const stop = createDeferred<void>();
    bench.agent.closing = stop.promise;
    const stopped = bench.session.stopIdleAgent();
    bench.agent.say(assistant([text('late')]), ...SAMPLES['system/session_writes_lost']);
    await bench.said('error');
    stop.resolve();
    await stopped;

    expect((await bench.names()).slice(-3)).toEqual(['result', 'session_state', 'error']);
    expect(await bench.data('error')).toMatchObject([{ code: 'transcript_not_stored' }]);
    expect(bench.session.state).toBe('dormant');
  });

  it('ends its first turn, and the next message starts another agent', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    await bench.agent.received(1);
    bench.agent.die('There is no such program.');
    await bench.said('session_state');
    expect((await bench.names()).slice(3)).toEqual(['error', 'result', 'session_state']);
    await bench.say('again');
    expect(await (await bench.started(2)).received(1)).toMatchObject({ content: 'again' });
    expect((await bench.names()).slice(-2)).toEqual(['session_state', 'turn_start']);
    expect(await bench.data('session_state')).toEqual([{ state: 'dormant' }, { state: 'idle' }]);
  });

  it.each([
    ['with a reason', 'The process was killed.'],
    ['without one', null],
  ])(
    'crashes in a turn %s, which cancels its requests and leaves a dormant session',
    async (_, reason) => {
      bench = await SessionBench.start();
      await bench.say('hi');
      bench.agent.say(assistant([text('…')]), result({ cost: 0.25 }));
      await bench.said('result');
      await bench.say('more');
      const asked = bench.agent.ask('Bash', {}, { toolUseID: 'toolu_1' });
      bench.agent.die(reason ?? undefined);
      expect(await asked).toMatchObject({ behavior: 'deny' });
      await bench.said('session_state');
      expect((await bench.names()).slice(-5)).toEqual([
        'permission_request',
        'request_resolved',
        'error',
        'result',
        'session_state',
      ]);
      expect(await bench.data('error')).toEqual([
        { code: 'agent_crashed', message: reason ?? 'The agent ended unexpectedly.' },
      ]);
      expect((await bench.data('result')).at(-1)).toMatchObject({
        subtype: 'error_during_execution',
        is_error: true,
        total_cost_usd: 0,
        session_cost_usd: 0.25,
      });
      expect(bench.session.info()).toMatchObject({ state: 'dormant', pending: [] });
      expect(bench.agent.calls).toContain('close');
    },
  );

  it.each([
    'agent_memory_exceeded',
    'agent_processes_exceeded',
    'agent_cpu_exceeded',
    'disk_quota_exceeded',
  ])('is reported as %s, and the next message starts another agent', async (code) => {
    bench = await SessionBench.start();
    await bench.say('hi');
    bench.agent.die('It was too much.', code);
    await bench.said('session_state');
    expect((await bench.names()).slice(-3)).toEqual(['error', 'result', 'session_state']);
    expect(await bench.data('error')).toEqual([{ code, message: 'It was too much.' }]);
    expect(bench.session.state).toBe('dormant');

    await bench.say('more');
    const next = await bench.started(2);
    expect(await next.received(1)).toMatchObject({ content: 'more' });
  });

  it('is reported as agent_crashed when its error has a code of the system', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    bench.agent.say(assistant([text('…')]));
    bench.agent.die('It broke.', 'EPIPE');
    await bench.said('session_state');
    expect(await bench.data('error')).toEqual([{ code: 'agent_crashed', message: 'It broke.' }]);
  });

  it('ends the message that it was writing with the blocks that it had completed', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    const delta = { type: 'text_delta', text: 'half' };
    bench.agent.say(
      stream({ type: 'message_start', message: { id: 'msg_1' } }),
      assistant([text('whole')], { id: 'msg_1' }),
      stream({ type: 'content_block_delta', index: 1, delta }),
    );
    await bench.said('message_delta');
    bench.agent.die();
    await bench.said('session_state');
    expect((await bench.names()).slice(-5)).toEqual([
      'message_delta',
      'error',
      'message_complete',
      'result',
      'session_state',
    ]);
    const completed = { message_id: 'msg_1', message: { content: [text('whole')] } };
    expect(await bench.data('message_complete')).toMatchObject([completed, completed]);
  });

  it('ends no turn when it crashes between two turns', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    bench.agent.say(result());
    await bench.said('result');
    bench.agent.die('killed');
    await bench.said('session_state');
    expect((await bench.names()).slice(-3)).toEqual(['result', 'error', 'session_state']);
  });

  it('is replaced for the queued message by an agent that resumes the conversation', async () => {
    bench = await SessionBench.start();
    await bench.say('first');
    await bench.say('second');
    await bench.agent.received(1);
    bench.agent.die('killed');
    const second = await bench.started(2);
    expect(second.start).toMatchObject({ sessionId: bench.session.id, resume: true });
    expect(await second.received(1)).toMatchObject({ content: 'second' });
  });

  it('is not replaced before it is gone', async () => {
    bench = await SessionBench.start();
    const free = bench.holdEnd();
    await bench.say('first');
    await bench.say('second');
    bench.agent.die('killed');
    await bench.said('turn_start', 2);
    await settle();
    expect(bench.agents).toHaveLength(1);
    free();
    await bench.started(2);
  });

  it('is not replaced by itself when it crashes while a turn_start is being committed', async () => {
    const storage = new HeldStorage();
    storage.events.isHeld = false;
    bench = await SessionBench.start({ storage });
    storage.events.isHeld = true;
    const said = bench.say('hi');
    await storage.events.holds('user_message');
    storage.events.commit();
    await said;
    await storage.events.holds('turn_start');
    bench.agent.die('killed');
    await settle();
    storage.events.release();
    await bench.said('session_state');
    await settle();
    expect((await bench.names()).slice(-4)).toEqual([
      'turn_start',
      'error',
      'result',
      'session_state',
    ]);
    expect(bench.agents).toHaveLength(1);
    expect(bench.session.state).toBe('dormant');
  });

  it('is reported as agent_start_failed for each message when its factory throws', async () => {
    let isBroken = true;
    const agents: FakeAgentClient[] = [];
    const sdkFactory: SdkFactory = (start) => {
      if (isBroken) throw new Error('No credentials.');
      agents.push(new FakeAgentClient(start));
      return agents.at(-1) as FakeAgentClient;
    };
    bench = await SessionBench.start({ sdkFactory });
    await bench.said('session_state');
    await Promise.all([bench.say('a'), bench.say('b')]);
    await bench.said('result', 2);
    expect(await bench.data('error')).toEqual(
      Array.from({ length: 3 }, () => ({ code: 'agent_start_failed', message: 'No credentials.' })),
    );
    expect(bench.session.state).toBe('dormant');
    isBroken = false;
    await bench.say('c');
    await settle();
    expect(agents[0]?.start.resume).toBe(false);
    expect(await agents[0]?.received(1)).toMatchObject({ content: 'c' });
  });

  it('ends the turn only once when it sends its result and dies', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    await bench.agent.received(1);
    bench.agent.say(result());
    bench.agent.die('killed');
    await bench.said('session_state');
    expect(await bench.data('result')).toHaveLength(1);
  });

  it('is ignored while it is being closed', async () => {
    bench = await SessionBench.start();
    const first = bench.agent;
    await bench.say('hi');
    first.die('killed');
    await bench.say('again');
    await bench.started(2);
    const asked = first.ask('Bash', {}, { toolUseID: 'toolu_1' });
    expect(await asked).toMatchObject({ behavior: 'deny' });
    expect(await bench.names()).not.toContain('permission_request');
  });

  it('leaves the text of an API error in the log of the server, and not in the events', async () => {
    bench = await SessionBench.start();
    const logged: string[] = [];
    bench.deps.logger.warn = (line) => void logged.push(line);
    await bench.say('hi');
    bench.agent.say(apiError('rate_limit', 'Limit of llm.internal\nreached'), result());
    await bench.said('result');

    expect(logged.join('\n')).toContain(
      `${bench.session.id}: a request to the API failed: "Limit of llm.internal\\nreached"`,
    );
    expect(JSON.stringify(await bench.events())).not.toContain('llm.internal');
  });
});
