import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { InboundMessage } from '../../../src/agent-webkit/protocol/inbound.js';
import { SessionBench, settle } from '../../support/session-bench.js';

describe('the MCP servers of a session', () => {
  let bench: SessionBench;
  let statuses: Record<string, string>;
  let calls: unknown[];
  beforeEach(async () => {
    bench = await SessionBench.start();
    statuses = { crm: 'connected', mail: 'disabled' };
    calls = [];
  });
  afterEach(() => bench.close());

  const control = () =>
    Object.assign(bench.agent, {
      mcpServers: async () =>
        Object.entries(statuses).map(([name, status]) => ({ name, status, url: 'secret' })),
      toggleMcpServer: async (name: string, enabled: boolean) => {
        calls.push([name, enabled]);
        statuses[name] = enabled ? 'connected' : 'disabled';
      },
      reconnectMcpServer: async (name: string) => {
        calls.push(name);
      },
    });
  const tell = (message: InboundMessage) => bench.session.accept(message, { id: 'ada' });
  const toggle = (server: string, enabled: boolean) =>
    tell({ type: 'mcp_toggle', server, enabled });
  const disabled = () => bench.session.config.disabledMcpServers ?? [];

  it('are disabled once, stay so in the configuration, and their status is published', async () => {
    control();
    await toggle('crm', false);
    await toggle('crm', false);
    await settle();
    expect(calls).toEqual([['crm', false]]);
    expect(disabled()).toEqual(['crm']);
    expect(await bench.data('mcp_status_change')).toMatchObject([
      { server_name: 'crm', status: 'disabled' },
      { server_name: 'mail', status: 'disabled' },
    ]);
    await toggle('crm', true);
    expect(disabled()).toEqual([]);
  });

  it('stay disabled where the host has disabled them', async () => {
    control();
    await expect(toggle('mail', true)).rejects.toMatchObject({ code: 'forbidden' });
    expect(calls).toEqual([]);
  });

  it('keep their state when the agent rejects the change', async () => {
    control().toggleMcpServer = () => Promise.reject(new Error('Not now.'));
    await toggle('crm', false);
    await settle();
    expect(disabled()).toEqual([]);
    expect(await bench.data('error')).toMatchObject([{ code: 'agent_error', message: 'Not now.' }]);
  });

  it('are refused where there is none of that name, and where the agent cannot control them', async () => {
    await expect(toggle('crm', false)).rejects.toMatchObject({ code: 'mcp_server_unavailable' });
    control();
    await expect(tell({ type: 'mcp_reconnect', server: 'x' })).rejects.toMatchObject({
      code: 'mcp_server_not_found',
      message: expect.stringContaining('crm, mail'),
    });
    await expect(tell({ type: 'mcp_reconnect', server: 'mail' })).rejects.toMatchObject({
      code: 'mcp_server_unavailable',
    });
    await tell({ type: 'mcp_reconnect', server: 'crm' });
    expect(calls).toEqual(['crm']);
  });
});
