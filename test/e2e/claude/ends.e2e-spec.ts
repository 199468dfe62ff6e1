import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

describe.each(ADAPTERS)('Interrupts, deletions and crashes on %s', (adapter) => {
  let app: ClaudeApp;
  let tab: Tab;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter, { timeouts: { agentGraceMs: 500 } });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('end a turn that has not started yet, on a new agent and on a running one', async () => {
    tab = await app.open();
    for (const name of ['cold', 'warm']) {
      await tab.session.send(`hold ${name}`);
      await tab.session.interrupt();
      expect(await tab.next('result')).toMatchObject({ subtype: 'error_during_execution' });
      expect(await tab.turn(`next ${name}`)).toMatchObject({ subtype: 'success' });
      expect(tab.said().at(-1)).toBe(`heard next ${name}`);
    }
  });

  it('end an answer while it is streamed, and the queued message runs next', async () => {
    await tab.session.send('hold endless');
    await tab.session.send('queued');
    await tab.until(() => tab.names().at(-1) === 'message_delta');
    await tab.session.interrupt();
    await tab.until(() => tab.said().at(-1) === 'heard queued');
    await tab.until(() => tab.names().at(-1) === 'result');

    expect(tab.all('result').slice(-2)).toMatchObject([
      { subtype: 'error_during_execution', is_error: true },
      { subtype: 'success' },
    ]);
    expect(tab.all('error')).toEqual([]);
  });

  it('end a running tool, and the processes that it has started', async () => {
    await tab.session.send('bash tail -f /dev/null');
    await tab.session.approve(await tab.asked());
    // The agent, the shell, and the command in it.
    await eventually(async () => (await app.processes(tab.id)).length >= 3);
    await tab.session.interrupt();

    await tab.until(() => tab.names().at(-1) === 'result');
    await eventually(async () => (await app.processes(tab.id)).length === 1);
  });

  it('publish done to every subscriber of a deleted session, and stop its agent', async () => {
    const seen = tab.lastId;
    const other = app.attach(tab.id);
    await tab.session.send('hold deleted');
    await other.until(() => other.lastId > seen && other.names().at(-1) === 'message_delta');
    expect(await app.processes(tab.id)).not.toEqual([]);
    // The published client sends DELETE with the content type of JSON and without a body.
    await tab.session.close();

    expect(await other.ended).toBeNull();
    expect(other.names().at(-1)).toBe('done');
    expect(await tab.ended).toBeNull();
    await expect(tab.session.send('still there?')).rejects.toMatchObject({ status: 404 });
    await eventually(async () => (await app.processes(tab.id)).length === 0);
  });

  it('leave the conversation intact when the agent is killed in a turn', async () => {
    tab = await app.open();
    await tab.turn('remember the milk');
    await tab.turn('and the bread');
    await tab.session.send('bash touch never');
    const correlationId = await tab.asked();
    await app.killAgent(tab.id);
    await tab.next('session_state');

    const events = tab.events.slice(tab.names().indexOf('permission_request') + 1);
    expect(events).toMatchObject([
      {
        event: 'request_resolved',
        data: { correlation_id: correlationId, outcome: 'cancelled' },
      },
      {
        event: 'error',
        data: { code: 'agent_crashed', message: expect.stringContaining('SIGKILL') },
      },
      {
        event: 'result',
        data: { subtype: 'error_during_execution', is_error: true },
      },
      { event: 'session_state', data: { state: 'dormant' } },
    ]);
    await expect(tab.session.approve(correlationId)).rejects.toMatchObject({ status: 409 });
    expect(await app.server.info(tab.id)).toMatchObject({ state: 'dormant', pending: [] });

    expect(await tab.turn('recall')).toMatchObject({ subtype: 'success' });
    expect(tab.said().at(-1)).toMatch(/^remember the milk \| and the bread \|.*recall$/s);
    expect(await app.server.info(tab.id)).toMatchObject({ state: 'idle' });
  });

  it('make the session dormant when the agent is killed between turns, until the next message', async () => {
    const turns = tab.all('result').length;
    await app.killAgent(tab.id);
    await tab.until(() => tab.names().at(-1) === 'session_state');
    expect(tab.all('session_state').at(-1)).toMatchObject({ state: 'dormant' });

    await tab.turn('recall');
    expect(tab.said().at(-1)).toMatch(/^remember the milk \| and the bread \|.*recall$/s);
    expect(tab.all('result')).toHaveLength(turns + 1);
    await tab.session.close();
  });
});

describe.each(ADAPTERS)('An idle session on %s', (adapter) => {
  it('becomes dormant, and resumes with its conversation, its model and its costs', async () => {
    const app = await ClaudeApp.start(adapter, { timeouts: { idleTimeoutMs: 50 } });
    const tab = await app.open();
    await tab.turn('remember the milk');
    await tab.session.setModel('claude-haiku-4-5');
    const { total_cost_usd, session_cost_usd } = await tab.turn('and the bread');
    const seen = tab.lastId;
    tab.session.detach();
    await app.reaches(tab.id, 'dormant');
    await eventually(async () => (await app.processes(tab.id)).length === 0);

    const back = app.attach(tab.id, seen);
    const result = await back.turn('recall');
    expect(back.names()).toEqual([
      'session_state',
      'user_message',
      'session_state',
      'turn_start',
      'message_delta',
      'message_complete',
      'result',
    ]);
    expect(back.all('session_state')).toMatchObject([{ state: 'dormant' }, { state: 'idle' }]);
    expect(back.said()).toEqual(['remember the milk | and the bread | recall']);
    expect(app.asked('recall').at(-1)?.model).toBe('claude-haiku-4-5');
    expect(result['total_cost_usd']).toBeCloseTo(Number(total_cost_usd), 9);
    const sum = Number(session_cost_usd) + Number(total_cost_usd);
    expect(result['session_cost_usd']).toBeCloseTo(sum, 9);
    expect(await app.close()).toEqual([]);
  });
});

describe.each(ADAPTERS)('An agent that cannot start on %s', (adapter) => {
  it('is reported with the reason, and its session stays available and can be deleted', async () => {
    const app = await ClaudeApp.start(adapter, {
      overrides: { pathToClaudeCodeExecutable: '/nonexistent/claude' },
    });
    const tab = await app.open();
    expect(await tab.next('error')).toMatchObject({
      code: 'agent_start_failed',
      message: expect.stringContaining('The agent executable is not installed on this server'),
    });
    await tab.session.send('hello');
    expect(await tab.next('error')).toMatchObject({ code: 'agent_start_failed' });
    expect(await tab.next('result')).toMatchObject({ subtype: 'error_during_execution' });
    expect(JSON.stringify(tab.events)).not.toContain('/nonexistent');
    expect(await app.server.info(tab.id)).toMatchObject({ state: 'dormant' });
    await tab.session.close();
    expect(await app.close()).toEqual([]);
  });
});
