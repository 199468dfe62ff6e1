import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClaudeApp } from './claude-app.js';

describe('A session with the real agent', () => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', { agent: { commands: ['compact'] } });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('reports a rejected API key at the first request, while the agent still retries', async () => {
    const tab = await app.open();
    await tab.session.send('fail 401 99');
    expect(await tab.next('error')).toMatchObject({ code: 'agent_authentication_failed' });
    expect(app.asked('fail 401 99')).toHaveLength(1);
    expect(await tab.next('api_retry')).toMatchObject({
      attempt: 1,
      status: 401,
      kind: 'authentication_failed',
    });
    await tab.session.interrupt();
    await tab.next('result');
    await tab.session.close();
  });

  it('reports a retry before the answer, and the end of a turn without the address of the API', async () => {
    const tab = await app.open();
    expect(await tab.turn('fail 529 1')).toMatchObject({
      is_error: false,
      result: 'heard fail 529 1',
    });
    expect(tab.all('api_retry')).toMatchObject([{ attempt: 1, status: 529, kind: 'overloaded' }]);
    expect(tab.all('error')).toEqual([]);

    expect(await tab.turn('fail 403 9')).toMatchObject({
      is_error: true,
      terminal_reason: 'api_error',
      errors: [expect.stringContaining('rejects the credentials of this server')],
    });
    expect(tab.all('error')).toMatchObject([{ code: 'agent_authentication_failed' }]);
    expect(JSON.stringify(tab.events)).not.toContain(new URL(app.api.url).host);
    await tab.session.close();
  });

  it('reports its thinking and the compaction of its conversation', async () => {
    const tab = await app.open();
    await tab.turn('think about it');
    expect(tab.all('thinking_progress')[0]).toMatchObject({ estimated_tokens: expect.any(Number) });
    expect(tab.all('thinking_delta').map(({ thinking }) => thinking)).toEqual(['about ', 'it ']);

    await tab.turn('/compact');
    expect(tab.all('compaction_start')).toHaveLength(1);
    expect(tab.all('compaction_end')).toMatchObject([{ outcome: 'completed', trigger: 'manual' }]);
    await tab.session.close();
  });
});

describe('An agent with an output format', () => {
  it('returns its output in the result', async () => {
    const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] };
    const app = await ClaudeApp.start('express', {
      overrides: { outputFormat: { type: 'json_schema', schema } },
    });
    try {
      const tab = await app.open();
      expect(await tab.turn('use StructuredOutput {"a":1}')).toMatchObject({
        is_error: false,
        structured_output: { a: 1 },
        result: '{"a":1}',
        terminal_reason: 'completed',
      });
      await tab.session.close();
    } finally {
      expect(await app.close()).toEqual([]);
    }
  });
});

describe('An MCP server that is slow to start', () => {
  it('is reported before the turn that waits for it begins to work', async () => {
    const app = await ClaudeApp.start('express', {
      // It never answers.
      overrides: {
        mcpServers: {
          slow: { command: process.execPath, args: ['-e', 'process.stdin.resume()'] },
        },
      },
    });
    try {
      const tab = await app.open();
      await tab.session.send('hi');
      expect(await tab.next('mcp_status_change')).toMatchObject({
        server_name: 'slow',
        status: 'pending',
      });
      expect(app.asked('hi')).toEqual([]);
      await tab.session.close();
    } finally {
      expect(await app.close()).toEqual([]);
    }
  });
});
