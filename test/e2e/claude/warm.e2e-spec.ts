import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp, findProcesses as findAgents } from './claude-app.js';

describe.each(ADAPTERS)('A warm agent on %s', (adapter) => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter, { agent: { warmPool: 1 } });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
    expect(await findAgents('')).toEqual([]);
  });

  it('serves the next session, with partial messages and in its permission mode, and its conversation can be resumed', async () => {
    await eventually(async () => (await findAgents('')).length === 1);
    const ahead = await findAgents('');
    const tab = await app.open({ permission_mode: 'plan' });
    expect(await app.processes(tab.id)).toEqual(ahead);

    await tab.turn('remember the milk');
    expect(await app.server.info(tab.id)).toMatchObject({ permission_mode: 'plan' });
    expect(tab.names()).toContain('message_delta');
    await app.killAgent(tab.id);
    await tab.next('session_state');
    await tab.turn('recall');
    expect(tab.said().at(-1)).toMatch(/^remember the milk \|.*recall$/s);
    // Another warm agent waits for the next session.
    await eventually(async () => (await findAgents('')).length === 2);
  });

  it('serves a session without partial messages, which receives no deltas', async () => {
    const before = await findAgents('');
    const tab = await app.open({ include_partial_messages: false });
    const [agent, ...others] = await app.processes(tab.id);
    expect(before).toContain(agent);
    expect(others).toEqual([]);
    await tab.turn('bash true');
    expect(tab.said().at(-1)).toBe('done');
    expect(tab.names()).not.toContain('message_delta');
  });
});
