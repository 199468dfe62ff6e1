import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { noSandbox } from '../../../src/agent-webkit/sandbox/no-sandbox.js';
import { describeNeeding } from '../../support/needs.js';
import { missingSandbox } from '../../support/walls.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

const KEY = 'key-of-the-server';
/** A part of the key, for commands that search for it. */
const PART = KEY.slice(0, 6);

/** Runs a command that the user approves. Resolves to its output, and to its errors. */
const run = (tab: Tab, command: string) => act(tab, `bash ${command}`);

/** Sends a message that leads to one use of a tool, which the user approves. Resolves to its output. */
async function act(tab: Tab, message: string): Promise<string> {
  const count = tab.all('result').length;
  const isOver = () => tab.all('result').length > count;
  const asked = tab.all('permission_request').length;
  await tab.session.send(message);
  await tab.until(() => isOver() || tab.all('permission_request').length > asked);
  const request = tab.all('permission_request')[asked];
  if (request) await tab.session.approve(String(request['correlation_id']));
  await tab.until(isOver);
  return JSON.stringify(tab.all('tool_result').at(-1)?.['output']);
}

describeNeeding(missingSandbox)('An agent in the sandbox of this machine', () => {
  let app: ClaudeApp;
  let tab: Tab;
  beforeAll(async () => {
    const overrides = { env: { ANTHROPIC_API_KEY: KEY } };
    app = await ClaudeApp.start('express', { overrides });
    await writeFile(join(app.home, 'secret.txt'), 'xylophone');
    tab = await app.open();
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('works in the folder of its session, with a home of its own', async () => {
    expect(await run(tab, 'touch made; pwd; echo $HOME; ls')).toBe(
      JSON.stringify(`${app.folder(tab.id)}\n${app.homeOf(tab.id)}\nmade`),
    );
    expect(await app.server.info(tab.id)).toMatchObject({ sandbox: 'bubblewrap' });
  });

  it('does not see the server, its files and its environment', async () => {
    const { pid } = process;
    expect(await run(tab, `cat /proc/${pid}/environ`)).toContain('No such file');
    expect(await run(tab, `kill -0 ${pid}`)).toContain('No such process');
    for (const path of [
      join(app.home, 'secret.txt'),
      fileURLToPath(import.meta.url),
      join(homedir(), '.'),
      '/etc/shadow',
    ]) {
      expect(await run(tab, `cat ${path}`)).toContain('No such file');
    }
  });

  it('has the key of the server in no variable, no process and no file', async () => {
    // Shows that the search finds what is there.
    await run(tab, `echo ${PART} > found`);
    const seen = [
      await run(tab, 'env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr "\\\\0" "\\\\n"'),
      await run(tab, `grep -rsha ${PART} ~ . /tmp /run /var /etc`),
    ].join();
    expect(seen).toContain('ANTHROPIC_UNIX_SOCKET');
    expect(seen).toContain(PART);
    expect(seen).not.toContain(KEY);
  });

  it('does not see another session: its folder, its home and its processes', async () => {
    const other = await app.open();
    await run(other, 'echo xylophone > secret.txt; (setsid tail -f /dev/null > /dev/null 2>&1 &)');
    const paths = [join(app.folder(other.id), 'secret.txt'), app.homeOf(other.id)];
    for (const path of paths) expect(await run(tab, `ls ${path}`)).toContain('No such file');
    expect(await run(tab, `ls ${dirname(app.folder(tab.id))}`)).toBe(JSON.stringify(tab.id));
    const processes = await run(tab, 'cat /proc/[0-9]*/cmdline | tr "\\\\0" " "');
    expect(processes).not.toContain(other.id);
    expect(processes).not.toContain('tail -f');
    await other.session.close();
  });

  it('reaches neither a server of this machine nor another host', async () => {
    for (const url of [app.api.url, app.server.url]) {
      const { hostname, port } = new URL(url);
      const command = `timeout 5 bash -c "echo > /dev/tcp/${hostname}/${port}" && echo reached`;
      expect(await run(tab, command)).toContain('Connection refused');
    }
    const far = 'timeout 5 bash -c "echo > /dev/tcp/192.0.2.1/80" && echo reached';
    expect(await run(tab, far)).toContain('unreachable');
  });

  it.each(['acceptEdits', 'plan'])('reads nothing else in the mode %s either', async (mode) => {
    const other = await app.open({ permission_mode: mode });
    for (const file of [join(app.home, 'secret.txt'), `/proc/${process.pid}/environ`]) {
      const output = await act(other, `use Read ${JSON.stringify({ file_path: file })}`);
      expect(output).toMatch(/does not exist|does not read/);
    }
    expect(other.all('tool_result')).toMatchObject([{ is_error: true }, { is_error: true }]);
    await other.session.close();
  });
});

describe('A sandbox that stops working while the server runs', () => {
  it('is reported with a sentence that names no path', async () => {
    const broken = noSandbox('/usr/bin/bwrap: No such file or directory');
    const use = { ...broken, name: 'bubblewrap', check: async () => null };
    const app = await ClaudeApp.start('express', { sandbox: { use } });
    const tab = await app.open();
    await tab.session.send('hello');
    expect(await tab.next('error')).toMatchObject({
      code: 'agent_start_failed',
      message: expect.stringMatching(/^The sandbox of the agents does not work[^/]*$/),
    });
    expect(await app.close()).toEqual([]);
  });
});
