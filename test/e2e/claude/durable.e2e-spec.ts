import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { ClaudeApp } from './claude-app.js';
import { QUESTIONS } from './model.js';
import type { Tab } from './tab.js';

const DURABLE = ['Bash', 'AskUserQuestion', 'mcp__*'];

describe('Durable requests of the real agent', () => {
  let app: ClaudeApp;
  let tab: Tab;
  beforeEach(async () => {
    app = await ClaudeApp.start('express', {
      storage: new MemoryStorage(),
      agent: { durableTools: DURABLE },
      timeouts: { holdMs: 1 },
    });
    tab = await app.open();
  });
  afterEach(async () => {
    expect(await app.close()).toEqual([]);
  });

  /** Waits until no process waits for the answer. */
  const parked = () => eventually(async () => (await app.processes(tab.session.id)).length === 0);
  const ask = async (content: string, event = 'permission_request') => {
    await tab.session.send(content);
    const request = await tab.next(event);
    await parked();
    return request;
  };

  it('wait without a process, and run the call once with its answer', async () => {
    const request = await ask('bash echo x >> file');
    expect(request).toMatchObject({ tool_name: 'Bash', durable: true });
    expect(await app.server.info(tab.session.id)).toMatchObject({ state: 'awaiting' });
    expect(app.isMade('file')).toBe(false);
    await tab.session.approve(String(request['correlation_id']));
    expect(await tab.next('tool_result')).toMatchObject({
      tool_use_id: request['correlation_id'],
      is_error: false,
    });
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(app.isMade('file')).toBe(true);
    // The memory is that of one conversation.
    await tab.session.send('recall');
    const answer = await tab.next('result');
    expect(answer['result']).toContain('bash echo x >> file');
    expect(answer['result']).toContain('recall');
  }, 60_000);

  it('run the edited input', async () => {
    const request = await ask('bash touch one');
    await tab.session.approve(String(request['correlation_id']), {
      updatedInput: { command: 'touch two' },
    });
    await tab.next('result');
    expect([app.isMade('one'), app.isMade('two')]).toEqual([false, true]);
  }, 60_000);

  it('do not run a denied call', async () => {
    const request = await ask('bash touch denied');
    await tab.session.deny(String(request['correlation_id']), { message: 'Not today.' });
    expect(await tab.next('tool_result')).toMatchObject({ is_error: true });
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(app.isMade('denied')).toBe(false);
  }, 60_000);

  it('pass on answers to questions', async () => {
    const request = await ask('ask', 'ask_user_question');
    const [first] = QUESTIONS;
    await tab.session.answer(String(request['correlation_id']), {
      [String(first?.question)]: 'red',
    });
    expect(await tab.next('tool_result')).toMatchObject({
      output: expect.stringContaining('red'),
      is_error: false,
    });
    await tab.next('result');
  }, 60_000);

  it('always ask, also about a command that Claude Code permits by itself', async () => {
    await tab.session.send('bash echo hello');
    expect(await tab.next('permission_request')).toMatchObject({ durable: true });
  }, 60_000);

  it('end when their turn is interrupted', async () => {
    const request = await ask('bash touch never');
    await tab.session.send('say after');
    await tab.session.interrupt();
    expect(await tab.next('request_resolved')).toMatchObject({
      correlation_id: request['correlation_id'],
      outcome: 'cancelled',
    });
    expect(await tab.next('result')).toMatchObject({ subtype: 'error_during_execution' });
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(app.isMade('never')).toBe(false);
  }, 60_000);
});
