import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSdkMcpServer, tool } from '@anthropic-ai/claude-agent-sdk';
import { z } from 'zod';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { ClaudeApp } from './claude-app.js';
import { QUESTIONS } from './model.js';
import type { Tab } from './tab.js';

/** The amounts that were paid. */
let paid: number[] = [];
const pay = tool('pay', 'Pays.', { amount: z.number() }, ({ amount }) => {
  paid.push(amount);
  return Promise.resolve({ content: [{ type: 'text', text: 'paid' }] });
});

const bash = (command: string) => ['Bash', { command, description: 'test' }];

const DURABLE = ['Bash', 'AskUserQuestion', 'mcp__*'];

describe('Durable requests of the real agent', () => {
  let app: ClaudeApp;
  let tab: Tab;
  beforeEach(async () => {
    app = await ClaudeApp.start('express', {
      storage: new MemoryStorage(),
      agent: { durableTools: DURABLE },
      timeouts: { holdMs: 1 },
      overrides: { mcpServers: { shop: createSdkMcpServer({ name: 'shop', tools: [pay] }) } },
    });
    paid = [];
    tab = await app.open();
  });
  afterEach(async () => {
    expect(await app.close()).toEqual([]);
  });

  /** Asks, with an agent that is kept. Resolves when the request is open. */
  const held = async (content: string) => {
    await tab.session.send(content);
    await tab.next('permission_request');
  };
  /** Kills the agent. */
  const crash = async () => {
    for (const pid of await app.processes(tab.id)) process.kill(pid, 'SIGKILL');
    await parked();
  };
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

  it('stay open when their agent crashes', async () => {
    await held('bash echo x >> file');
    const [first] = tab.all('permission_request');
    await crash();
    expect(await app.server.info(tab.id)).toMatchObject({ state: 'awaiting', agent: 'none' });
    await tab.session.approve(String(first?.['correlation_id']));
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(readFileSync(join(app.folder(tab.id), 'file'), 'utf8')).toBe('x\n');
  }, 60_000);

  it('are asked one after the other for the calls of one message', async () => {
    const first = await ask(
      `calls ${JSON.stringify([bash('echo a >> file'), bash('echo b >> file')])}`,
    );
    await tab.session.approve(String(first['correlation_id']));
    const second = await tab.next('permission_request');
    await parked();
    expect(readFileSync(join(app.folder(tab.id), 'file'), 'utf8')).toBe('a\n');
    await tab.session.approve(String(second['correlation_id']));
    await tab.next('result');
    expect(tab.all('tool_result')).toMatchObject([{ is_error: false }, { is_error: false }]);
    expect(tab.all('result')).toHaveLength(1);
    expect(readFileSync(join(app.folder(tab.id), 'file'), 'utf8')).toBe('a\nb\n');
  }, 60_000);

  it('keep their agent until its other work has ended', async () => {
    const agent = [
      'Agent',
      {
        description: 'test',
        prompt: 'use Glob {"pattern":"*"}',
        subagent_type: 'general-purpose',
        run_in_background: false,
      },
    ];
    const request = await ask(`calls ${JSON.stringify([agent, bash('touch made')])}`);
    expect(tab.all('tool_result').length).toBeGreaterThan(0);
    await tab.session.approve(String(request['correlation_id']));
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(app.isMade('made')).toBe(true);
  }, 60_000);

  it('ask again for a tool of a server inside the process of the SDK', async () => {
    const request = await ask('use mcp__shop__pay {"amount":5}');
    expect(request).toMatchObject({ tool_name: 'mcp__shop__pay', durable: true });
    await tab.session.approve(String(request['correlation_id']));
    expect(await tab.next('tool_result')).toMatchObject({
      tool_use_id: request['correlation_id'],
      is_error: false,
    });
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(paid).toEqual([5]);
  }, 60_000);

  it('hold in a mode that permits everything, and with another model', async () => {
    const request = await ask('bash touch denied');
    await tab.session.setPermissionMode('acceptEdits');
    await tab.session.setModel('haiku');
    await tab.session.deny(String(request['correlation_id']));
    await tab.next('result');
    expect(app.isMade('denied')).toBe(false);
    expect(app.api.requests.at(-1)?.model).toContain('haiku');
  }, 60_000);

  it('let messages wait behind them', async () => {
    const request = await ask('bash touch made');
    await tab.session.send('say after');
    await tab.session.approve(String(request['correlation_id']));
    await tab.next('result');
    expect(await tab.next('result')).toMatchObject({ result: 'heard say after' });
    expect(app.isMade('made')).toBe(true);
  }, 60_000);

  it('of a sub-agent end with their agent', async () => {
    await tab.session.send('delegate bash touch sub');
    expect(await tab.next('permission_request')).not.toHaveProperty('durable');
  }, 60_000);
});
