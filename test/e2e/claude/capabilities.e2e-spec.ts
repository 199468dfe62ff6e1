import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ELICITING_SERVER } from '../../support/eliciting-server.js';
import { eventually } from '../../support/eventually.js';
import { ClaudeApp } from './claude-app.js';

const SECRET = 'b0a9f-secret';

describe('The capabilities of a session with the real agent', () => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', {
      timeouts: { idleTimeoutMs: 50 },
      agent: {
        models: ['sonnet', 'claude-internal-1'],
        commands: ['compact', 'cost'],
        permissionModes: ['default', 'plan'],
      },
      overrides: {
        mcpServers: {
          crm: {
            command: process.execPath,
            args: ['-e', ELICITING_SERVER],
            env: { KEY: SECRET },
          },
        },
      },
    });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const ask = async (id: string) => {
    const answer = await app.server.request('GET', `/sessions/${id}/capabilities`);
    expect(answer.status).toBe(200);
    return answer.body;
  };

  it('are what the host permits, in the words of the agent, and contain no secrets', async () => {
    const tab = await app.open();
    await tab.turn('hello');
    const requests = app.api.requests.length;
    const told = await ask(tab.id);
    expect(told).toMatchObject({
      agent: 'running',
      permission_modes: ['default', 'plan'],
      mcp_servers: [{ name: 'crm', status: 'connected' }],
    });
    expect(told['models']).toMatchObject([
      { model: null, name: expect.any(String) },
      { model: 'sonnet', name: 'Sonnet', effort_levels: expect.arrayContaining(['low', 'high']) },
      { model: 'claude-internal-1' },
    ]);
    expect((told['commands'] as { name: string }[]).map(({ name }) => name).sort()).toEqual([
      'compact',
      'cost',
    ]);
    expect((told['agents'] as { name: string }[]).map(({ name }) => name)).toContain('Explore');
    const { total_tokens, max_tokens } = told['context'] as Record<string, number>;
    expect(total_tokens).toBeGreaterThan(1000);
    expect(max_tokens).toBeGreaterThanOrEqual(200_000);
    expect(JSON.stringify(told)).not.toContain(SECRET);
    expect(JSON.stringify(told)).not.toContain(process.execPath);
    expect(app.api.requests).toHaveLength(requests);
    await tab.session.close();
  });

  it('are the rules of the host alone without an agent, which is not started', async () => {
    const tab = await app.open();
    await tab.turn('hello');
    tab.session.detach();
    await app.reaches(tab.id, 'dormant');
    await eventually(async () => (await app.processes(tab.id)).length === 0);
    expect(await ask(tab.id)).toEqual({
      session_id: tab.id,
      agent: 'none',
      permission_modes: ['default', 'plan'],
      models: [{ model: null }, { model: 'sonnet' }, { model: 'claude-internal-1' }],
      effort_levels: ['low', 'medium', 'high', 'xhigh', 'max'],
      commands: null,
      agents: null,
      mcp_servers: null,
      context: null,
    });
    expect(await app.processes(tab.id)).toEqual([]);
    await tab.session.close();
  });
});
