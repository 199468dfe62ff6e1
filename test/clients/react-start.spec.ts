import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { HostFolder } from '../docs/host-folder.js';
import { readBlocks, ROOT } from '../docs/markdown.js';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { Program } from '../support/program.js';
import { RestartableServer } from './restartable-server.js';

const PAGE = 'docs/react.md';
const WAIT = { timeout: 20_000 };

/** The files of the template `react-ts` of Vite that the page keeps. */
const TEMPLATE = {
  'package.json': '{ "name": "chat", "private": true, "type": "module" }',
  'index.html': `<!doctype html>
    <html lang="en">
      <head><meta charset="UTF-8" /><link rel="icon" href="data:," /><title>chat</title></head>
      <body><div id="root"></div><script type="module" src="/src/main.tsx"></script></body>
    </html>`,
  'src/main.tsx': `
    import { StrictMode } from 'react'
    import { createRoot } from 'react-dom/client'
    import App from './App.tsx'

    createRoot(document.getElementById('root')!).render(
      <StrictMode>
        <App />
      </StrictMode>,
    )`,
};

/** Returns the block of the page that names this file. */
function read(name: string): string {
  const block = readBlocks(PAGE).find(({ label }) => label === name);
  if (!block) throw new Error(`${PAGE} has no block '${name}'.`);
  return block.code;
}

/** The app that the page describes, with the package and React in its `node_modules`. */
async function createApp(host: HostFolder, server: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vite-app-'));
  const modules = join(folder, 'node_modules');
  await Promise.all([modules, join(folder, 'src')].map((path) => mkdir(path)));
  const own = 'nestjs-agent-webkit';
  await cp(join(host.path, 'node_modules', own), join(modules, own), { recursive: true });
  await Promise.all(
    ['react', 'react-dom', 'scheduler', 'vite'].map((name) =>
      symlink(join(ROOT, 'node_modules', name), join(modules, name)),
    ),
  );
  const files = {
    ...TEMPLATE,
    'vite.config.ts': read('vite.config.ts').replace('http://127.0.0.1:3000', server),
    'src/App.tsx': read('App.tsx'),
  };
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)),
  );
  return folder;
}

describeInChromium('The Vite app on the page about React', () => {
  let browser: Browser;
  let host: HostFolder;
  let server: RestartableServer;
  let folder: string;
  let dev: Program;
  let url: string;
  beforeAll(async () => {
    [browser, host] = await Promise.all([launchChromium(), HostFolder.create()]);
    const env = { AGENT_WEBKIT_NO_AUTH: '1', AGENT_WEBKIT_AGENT: 'demo' };
    server = await RestartableServer.start(host, host.server, env, {});
    folder = await createApp(host, server.url);
    const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
    const args = [vite, '--host', '127.0.0.1', '--port', '0'];
    dev = new Program(process.execPath, args, { cwd: folder, env: { NO_COLOR: '1' } });
    [, url = ''] = await dev.says(/Local:\s+(http:\S+)/);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await dev?.kill();
    await server?.kill();
    await host?.remove();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('is a running chat: it answers, asks for a permission, and shows the same after a reload', async () => {
    const page = await browser.newPage();
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(String(error)));
    await page.goto(url);
    await page.getByRole('button', { name: 'New chat' }).click(WAIT);
    const say = async (text: string) => {
      await page.getByLabel('Message').fill(text, WAIT);
      await page.getByRole('button', { name: 'Send' }).click();
    };
    await say('help');
    await page.getByText('You: help').waitFor(WAIT);
    await page.getByText(/permission/).waitFor(WAIT);
    await say('permission');
    await page.getByText('May it use Bash?').waitFor(WAIT);
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('May it use Bash?').waitFor({ state: 'detached', ...WAIT });
    await page.getByText('Tool: Bash').waitFor(WAIT);
    await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached', ...WAIT });
    const before = await page.locator('main > p').allInnerTexts();

    await page.reload();
    // The title of the session is its first message.
    await page.getByRole('button', { name: 'help' }).click(WAIT);
    await page.getByText('Tool: Bash').waitFor(WAIT);
    expect(await page.locator('main > p').allInnerTexts()).toEqual(before);
    expect(failures).toEqual([]);
    await page.close();
  }, 90_000);
});
