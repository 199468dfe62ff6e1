import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ELICITING_SERVER } from '../../support/eliciting-server.js';
import { refused } from '../../support/refused.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

const statuses = (tab: Tab) =>
  tab
    .all('mcp_status_change')
    .filter(({ server_name }) => server_name === 'crm')
    .map(({ status }) => status);
/** True when the agent has the server: without it, the call fails before a server is asked. */
const hasServer = async (tab: Tab) => {
  await tab.turn('use mcp__crm__complete {"elicitationId":"e"}');
  return JSON.stringify(tab.all('tool_result').at(-1)).includes('reported');
};

describe('The MCP servers of the real agent', () => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', {
      timeouts: { idleTimeoutMs: 50 },
      overrides: {
        mcpServers: {
          crm: { command: process.execPath, args: ['-e', ELICITING_SERVER] },
          broken: { command: 'false' },
        },
        allowedTools: ['mcp__crm'],
      },
    });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const reconnect = (id: string, server: string) =>
    app.server.input(id, { type: 'mcp_reconnect', server });
  const toggle = (id: string, server: string, enabled: boolean) =>
    app.server.input(id, { type: 'mcp_toggle', server, enabled });

  it('are disabled for the session until they are enabled, also for a later agent', async () => {
    let tab = await app.open();
    expect(await hasServer(tab)).toBe(true);
    expect((await toggle(tab.id, 'crm', false)).status).toBe(204);
    await tab.until(() => statuses(tab).at(-1) === 'disabled');
    expect(await hasServer(tab)).toBe(false);
    expect(await reconnect(tab.id, 'crm')).toMatchObject(
      refused(409, 'mcp_server_unavailable', /disabled/),
    );
    const seen = tab.lastId;
    tab.session.detach();
    await app.reaches(tab.id, 'dormant');
    expect(await toggle(tab.id, 'crm', true)).toMatchObject(
      refused(409, 'mcp_server_unavailable', /no running agent/),
    );

    // The agent of another server does not have this file, in which Claude Code notes what is disabled.
    await rm(join(app.homeOf(tab.id), '.claude.json'), { force: true });
    tab = app.attach(tab.id, seen);
    expect(await hasServer(tab)).toBe(false);
    expect((await toggle(tab.id, 'crm', true)).status).toBe(204);
    await tab.until(() => statuses(tab).at(-1) === 'connected');
    expect(await hasServer(tab)).toBe(true);
    await tab.session.close();
  });

  it('are reconnected on request, report a failure, and are refused if they do not exist', async () => {
    const tab = await app.open();
    await tab.turn('hello');
    expect((await reconnect(tab.id, 'broken')).status).toBe(204);
    expect(await tab.next('error')).toMatchObject({
      code: 'agent_error',
      message: "The MCP server 'broken' could not be connected.",
    });
    expect((await reconnect(tab.id, 'crm')).status).toBe(204);
    const unknown = refused(404, 'mcp_server_not_found', /'none'.*crm/);
    expect(await reconnect(tab.id, 'none')).toMatchObject(unknown);
    expect(await toggle(tab.id, 'none', false)).toMatchObject(unknown);
    expect(await hasServer(tab)).toBe(true);
    await tab.session.close();
  });
});
