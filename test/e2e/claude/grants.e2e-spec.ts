import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClaudeApp } from './claude-app.js';

describe('Grants for a session', () => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', { timeouts: { idleTimeoutMs: 50 } });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('hold for the agents after a stop and after a kill, and for no other session', async () => {
    const command = 'bash touch "a (b)"';
    let tab = await app.open();
    await tab.session.send(command);
    const correlationId = await tab.asked();
    const updatedPermissions = [
      ['allow', 'touch "a (b)"'],
      ['deny', 'touch denied'],
      ['ask', 'ls'],
    ].map(([behavior, ruleContent]) => ({
      type: 'addRules',
      behavior,
      rules: [{ toolName: 'Bash', ruleContent }],
      destination: 'session',
    }));
    await tab.session.approve(correlationId, { updatedPermissions });
    await tab.next('result');
    const { lastId } = tab;
    tab.session.detach();
    await app.reaches(tab.id, 'dormant');

    tab = app.attach(tab.id, lastId);
    await tab.turn(command);
    await tab.turn('bash touch denied');
    expect(tab.all('permission_request')).toEqual([]);
    expect(tab.all('tool_result').map(({ is_error }) => is_error)).toEqual([false, true]);
    await tab.session.send('bash ls');
    await tab.session.approve(await tab.asked());
    await tab.next('result');

    await app.killAgent(tab.id);
    await tab.next('error');
    await tab.turn(command);
    expect(tab.all('permission_request')).toHaveLength(1);
    await tab.session.close();

    const other = await app.open();
    await other.session.send(command);
    await other.session.deny(await other.asked());
    await other.session.close();
  });
});
