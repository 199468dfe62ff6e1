import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp, findProcesses as findAgents } from './claude-app.js';

describe.each(ADAPTERS)('A warm agent on %s', (adapter) => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter, { agent: { warmPool: 1, includePartialMessages: true } });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
    expect(await findAgents('')).toEqual([]);
  });

  it('serves the next session, in its permission mode, and its conversation can be resumed', async () => {
    await eventually(async () => (await findAgents('')).length === 1);
    const ahead = await findAgents('');
    const tab = await app.open({ permission_mode: 'plan' });
    expect(await app.processes(tab.id)).toEqual(ahead);

    await tab.turn('remember the milk');
    expect(await app.server.info(tab.id)).toMatchObject({ permission_mode: 'plan' });
    await app.killAgent(tab.id);
    await tab.next('session_state');
    await tab.turn('recall');
    expect(tab.said().at(-1)).toMatch(/^remember the milk \|.*recall$/s);
    // Another warm agent waits for the next session.
    await eventually(async () => (await findAgents('')).length === 2);
  });
});
