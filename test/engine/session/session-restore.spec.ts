import { afterEach, describe, expect, it } from '@jest/globals';
import type { EventName } from '../../../src/agent-webkit/protocol/events.js';
import { HeldStorage } from '../../support/held-storage.js';
import { result, stream } from '../../support/sdk-messages.js';
import { newRecord, SessionBench, settle } from '../../support/session-bench.js';

/** A session on a storage that survives its server. */
function start(): Promise<SessionBench> {
  const storage = new HeldStorage();
  storage.events.isHeld = false;
  return SessionBench.start({ storage });
}

describe('a restored session', () => {
  let after: SessionBench;
  const restart = async (before: SessionBench) => {
    after = await SessionBench.restart(before);
    await settle(8);
    return after;
  };
  afterEach(() => after.close());

  it('is dormant when nothing ran, and continues its log and its cost', async () => {
    const before = await start();
    await before.say('hi');
    await before.agent.received(1);
    before.agent.say(result({ cost: 0.5 }));
    await before.said('result');
    const events = await before.events();
    await restart(before);
    expect(await after.events()).toEqual(events);
    expect(after.agents).toEqual([]);
    expect(after.session.info()).toMatchObject({ state: 'dormant', total_cost_usd: 0.5 });
    await after.say('again');
    const agent = await after.started(1);
    expect(agent.start).toMatchObject({ sessionId: before.session.id, resume: true });
    expect(await agent.received(1)).toMatchObject({ content: 'again' });
    expect((await after.events()).slice(events.length)).toMatchObject([
      { event: 'user_message' },
      { event: 'session_state', data: { state: 'idle' } },
      { event: 'turn_start' },
    ]);
  });

  it('ends the message that its agent was writing outside a turn', async () => {
    const before = await start();
    before.agent.say(
      stream({ type: 'message_start', message: { id: 'msg_1' } }),
      stream({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } }),
    );
    await before.said('message_delta');
    await restart(before);
    expect((await after.events()).slice(1)).toMatchObject([
      { event: 'message_delta', data: { message_id: 'msg_1' } },
      { event: 'message_complete', data: { message_id: 'msg_1', message: { content: [] } } },
      { event: 'session_state', data: { state: 'dormant' } },
    ]);
  });

  it('reports its running turn as interrupted and cancels its open requests', async () => {
    const before = await start();
    await before.say('hi', 'm1');
    await before.agent.received(1);
    void before.agent.ask('Bash', {}, { toolUseID: 'toolu_1' });
    void before.agent.ask('AskUserQuestion', { questions: [] }, { toolUseID: 'toolu_2' });
    await before.said('ask_user_question');
    await restart(before);
    expect((await after.events()).slice(5)).toMatchObject([
      { event: 'request_resolved', data: { correlation_id: 'toolu_1', outcome: 'cancelled' } },
      { event: 'request_resolved', data: { correlation_id: 'toolu_2', outcome: 'cancelled' } },
      { event: 'error', data: { code: 'turn_interrupted' } },
      { event: 'result', data: { subtype: 'error_during_execution', is_error: true } },
      { event: 'session_state', data: { state: 'dormant' } },
    ]);
    expect(after.session.info()).toMatchObject({ state: 'dormant', pending: [] });
    expect(after.agents).toEqual([]);
  });

  it.each([
    ['allow', 'Calls of Pay, Send were allowed and may have run.'],
    ['deny', 'Its tool calls may have run.'],
  ] as const)(
    'says that calls of its interrupted turn may have run, and which durable ones: %s',
    async (behavior, calls) => {
      const storage = new HeldStorage();
      storage.events.isHeld = false;
      const durableTools = ['Pay', 'Send'];
      const before = await SessionBench.start({ storage, durableTools });
      await before.say('hi', 'm1');
      await before.agent.received(1);
      for (const [index, tool] of ['Pay', 'Pay', 'Send', 'Bash'].entries()) {
        const correlation_id = `toolu_${index}`;
        const stored = Promise.resolve(true);
        void before.agent.ask(tool, {}, { toolUseID: correlation_id, stored });
        await before.said('permission_request', index + 1);
        await before.session.accept(
          { type: 'permission_response', correlation_id, behavior },
          { id: 'ada' },
        );
      }
      await restart(before);
      expect(await after.data('error')).toEqual([
        {
          code: 'turn_interrupted',
          message: `The server stopped while this turn ran. ${calls} Check their effects before you send its message again.`,
        },
      ]);
    },
  );

  it('cancels a request that was open outside a turn', async () => {
    const before = await start();
    void before.agent.ask('Bash', {}, { toolUseID: 'toolu_1' });
    await before.said('permission_request');
    await restart(before);
    expect(await after.names()).toEqual([
      'session_ready',
      'permission_request',
      'request_resolved',
    ]);
    expect(after.session.state).toBe('dormant');
  });

  it.each([
    ['elicitation', { serverName: 'crm', message: 'Who?' }],
    ['dialog', { dialogKind: 'terms', payload: {} }],
    ['hook', { event: 'PreToolUse', input: {} }],
  ] as const)('cancels a request of the kind %s that was open', async (kind, asked) => {
    const before = await start();
    void before.agent.askPeople(kind, asked);
    const name = kind === 'hook' ? 'hook_decision_request' : `${kind}_request`;
    await before.said(name as EventName);
    await restart(before);
    expect(await after.names()).toEqual(['session_ready', name, 'request_resolved']);
    expect(await after.data('request_resolved')).toMatchObject([{ kind, outcome: 'cancelled' }]);
  });

  it('starts queued messages by itself, in their order', async () => {
    const before = await start();
    await Promise.all(['a', 'b', 'c'].map((content) => before.say(content, content)));
    await before.agent.received(1);
    await restart(before);
    const agent = await after.started(1);
    expect(await agent.received(1)).toMatchObject({ content: 'b' });
    agent.say(result());
    expect(await agent.received(2)).toMatchObject({ content: 'c' });
    expect(agent.start.resume).toBe(true);
    const told = (await after.events()).flatMap(({ event, data }) => {
      if (event === 'turn_start') return [data.message_id];
      return event === 'error' || event === 'session_state' ? [Object.values(data)[0]] : [];
    });
    expect(told).toEqual(['a', 'turn_interrupted', 'dormant', 'idle', 'b', 'c']);
  });

  it('starts a new conversation when none was started before', async () => {
    const storage = new HeldStorage();
    storage.events.isHeld = false;
    const before = await SessionBench.start({ storage });
    storage.events.isHeld = true;
    void before.say('hi').catch(() => undefined);
    await storage.events.holds('user_message');
    storage.events.commit();
    await settle();
    // The server is killed while the turn_start is being committed.
    after = await SessionBench.restart(before, { storage: before.storage });
    storage.events.isHeld = false;
    storage.events.refuse();
    storage.events.release();
    const agent = await after.started(1);
    expect(agent.start.resume).toBe(false);
    expect(await agent.received(1)).toMatchObject({ content: 'hi' });
  });

  it('continues a released session, whose turn was reported as interrupted once', async () => {
    const before = await start();
    await before.say('hi');
    await before.agent.received(1);
    await (
      await before.session.end('released', 0)
    ).agentGone;
    const events = await before.events();
    await restart(before);
    expect(await after.events()).toEqual(events);
    expect(after.session.state).toBe('dormant');
  });

  it('does not accept a message again that was accepted before the restart', async () => {
    const before = await start();
    await before.say('hi', 'm1');
    await before.say('wait', 'm2');
    await before.agent.received(1);
    await restart(before);
    await after.say('hi', 'm1');
    await after.say('wait', 'm2');
    await settle();
    expect(await after.data('user_message')).toHaveLength(2);
  });

  it('is taken over from a server that still runs, which loses ownership', async () => {
    const before = await start();
    await restart(before);
    await after.say('mine');
    await after.started(1);
    await expect(before.say('late')).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(before.lost).toEqual([before.session.id]);
    expect(before.session.state).toBe('closed');
    expect(before.agent.isClosed).toBe(true);
    expect(await after.data('user_message')).toMatchObject([{ content: 'mine' }]);
  });

  it('does not exist when it was deleted', async () => {
    const before = await start();
    await before.close();
    const gone = await SessionBench.restart(before);
    expect(gone.session).toBeUndefined();
    await restart(await start());
  });

  it('is created when its server stopped before its first event', async () => {
    const storage = new HeldStorage();
    storage.events.release();
    const before = SessionBench.empty({ storage });
    before.record = newRecord();
    await storage.records.create(before.record, null);
    const begun = await restart(before);
    expect(await begun.names()).toEqual(['session_ready']);
    expect(begun.session.state).toBe('dormant');
  });
});
