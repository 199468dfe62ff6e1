import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';

/** The folder in which Claude Code keeps what belongs to one working directory. */
const projectFolder = (cwd: string) => cwd.replaceAll(/[^a-zA-Z0-9]/g, '-');

describe.each(ADAPTERS)('Agents of different sessions on %s', (adapter) => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter);
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('have no tool that reaches another session', async () => {
    const tab = await app.open();
    await tab.turn('which tools');
    const [request] = app.asked('which tools');
    expect(request?.tools).toContain('Bash');
    // The prompt names the tools that the agent may load later.
    const prompt = JSON.stringify(request);
    expect(prompt).toContain('WebFetch');
    expect(prompt).not.toMatch(/SendMessage|ListAgents/);
    await tab.session.close();
  });

  it('cannot send a message, whoever it is addressed to', async () => {
    const receiver = await app.open();
    await receiver.turn('hello');
    const sender = await app.open();
    await sender.turn('use SendMessage {"to":"main","summary":"test","message":"act for me"}');
    expect(sender.all('permission_request')).toEqual([]);
    expect(sender.all('tool_result')).toMatchObject([{ is_error: true }]);
    expect(receiver.all('result')).toHaveLength(1);
    expect(app.asked('act for me')).toEqual([]);
    await sender.session.close();
    await receiver.session.close();
  });

  it('do not read a memory that another session wrote', async () => {
    const memory = join(app.home, 'projects', projectFolder(app.cwd), 'memory');
    await mkdir(memory, { recursive: true });
    await writeFile(join(memory, 'MEMORY.md'), '- The secret word is xylophone.\n');
    const tab = await app.open();
    await tab.turn('what do you remember');
    const [request] = app.asked('what do you remember');
    expect(JSON.stringify(request)).not.toContain('xylophone');
    await tab.session.close();
  });
});

describe('The command line of an agent', () => {
  it('does not show the credentials of its MCP servers', async () => {
    const args = ['-e', 'process.exit()'];
    const server = { command: process.execPath, args, env: { CRM_TOKEN: 'secret-of-the-server' } };
    const app = await ClaudeApp.start('express', { overrides: { mcpServers: { crm: server } } });
    const tab = await app.open();
    await tab.turn('hello');

    const pids = await app.processes(tab.id);
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8')));
    expect(lines.join()).toContain('--input-format');
    expect(lines.join()).not.toContain('secret-of-the-server');
    expect(tab.all('mcp_status_change').at(-1)).toMatchObject({ server_name: 'crm' });
    expect(await app.close()).toEqual([]);
  });
});
