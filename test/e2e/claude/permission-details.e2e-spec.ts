import { readFileSync } from 'node:fs';
import { createSdkMcpServer, tool } from '@anthropic-ai/claude-agent-sdk';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ClaudeApp, type ClaudeAppOptions } from './claude-app.js';
import type { Tab } from './tab.js';

const PLAN = '# The plan\n\n1. Buy milk.';

async function requested(tab: Tab, message: string): Promise<Record<string, unknown>> {
  await tab.session.send(message);
  return tab.next('permission_request');
}

describe('A permission request of the real agent', () => {
  let app: ClaudeApp;
  const open = async (options: ClaudeAppOptions, config: object) => {
    app = await ClaudeApp.start('express', options);
    return app.open({ ...config });
  };
  afterEach(async () => {
    expect(await app.close()).toEqual([]);
  });

  /** Allows a request. Resolves to the output of its tool. */
  const allow = async (
    tab: Tab,
    { correlation_id }: Record<string, unknown>,
    fields: object = {},
  ) => {
    const reply = { type: 'permission_response', correlation_id, behavior: 'allow', ...fields };
    expect((await app.server.input(tab.id, reply)).status).toBe(204);
    return (await tab.next('tool_result'))['output'];
  };

  it('has the plan of the plan file, which a reply can edit', async () => {
    const tab = await open({}, { permission_mode: 'plan' });
    await tab.turn('hello');
    const [file = ''] =
      /\/[^"\s\\]*\/plans\/[\w-]+\.md/.exec(JSON.stringify(app.asked('hello'))) ?? [];
    await tab.turn(`use Write ${JSON.stringify({ file_path: file, content: PLAN })}`);
    await tab.next('tool_result');

    const request = await requested(tab, 'use ExitPlanMode {}');
    expect(request).toMatchObject({ tool_name: 'ExitPlanMode', input: { plan: PLAN } });
    expect((await app.server.info(tab.id))['pending']).toMatchObject([{ input: { plan: PLAN } }]);
    const edited = { updated_input: { plan: '# Edited' } };
    expect(await allow(tab, request, edited)).toContain('# Edited');
    expect(readFileSync(file, 'utf8')).toBe('# Edited');
  });

  it('has the plan of the model when there is no plan file', async () => {
    const tab = await open({}, { permission_mode: 'plan' });
    const request = await requested(tab, `use ExitPlanMode ${JSON.stringify({ plan: PLAN })}`);
    expect(request['input']).toEqual({ plan: PLAN });
    expect(await allow(tab, request)).toContain(PLAN);
  });

  it('names the MCP server of the tool', async () => {
    const look = tool('look', 'Looks.', {}, async () => ({ content: [] }));
    const mcpServers = { eyes: createSdkMcpServer({ name: 'eyes', tools: [look] }) };
    const tab = await open({ overrides: { mcpServers } }, {});
    const mcp = await requested(tab, 'use mcp__eyes__look {}');
    expect(mcp['context']).toMatchObject({ mcp_server: { name: 'eyes', source: 'sdk' } });
  });
});
