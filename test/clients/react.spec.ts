import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { HostFolder } from '../docs/host-folder.js';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { DevServer } from './dev-server.js';
import { RestartableServer } from './restartable-server.js';

const WAIT = { timeout: 20_000 };

const shows = (page: Page, selector: string, words: RegExp) =>
  eventually(
    async () => (await page.locator(selector).textContent(WAIT)) ?? '',
    (text) => words.test(text),
    WAIT.timeout,
  );
const say = async (page: Page, text: string) => {
  await page.locator('input').fill(text);
  await page.locator('input').press('Enter');
};
const items = (page: Page) => page.locator('#items li').allTextContents();
const seen = (page: Page) => page.evaluate<string[]>('globalThis.seen');

describeInChromium('The hooks for React in a page, through the proxy of a dev server', () => {
  let browser: Browser;
  let host: HostFolder;
  let server: RestartableServer;
  let dev: DevServer;
  let context: BrowserContext;
  const failures: string[] = [];
  beforeAll(async () => {
    [browser, host] = await Promise.all([launchChromium(), HostFolder.create()]);
    const env = {
      AGENT_WEBKIT_NO_AUTH: '1',
      AGENT_WEBKIT_AGENT: 'demo',
      AGENT_WEBKIT_KEEP_ALIVE_MS: '1000',
    };
    server = await RestartableServer.start(host, host.server, env, {});
    dev = await DevServer.start(server.url);
    context = await browser.newContext();
  }, 90_000);
  afterEach(() => {
    expect(failures.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await dev?.close();
    await server?.kill();
    await host?.remove();
  });

  const open = async (session: string, transport = 'stream'): Promise<Page> => {
    const page = await context.newPage();
    page.on('pageerror', (error) => failures.push(String(error)));
    await page.goto(`${dev.url}?session=${session}&transport=${transport}`);
    await shows(page, '#status', /^ready/);
    return page;
  };
  it.each(['stream', 'shared'])(
    'show a conversation once, in two tabs, over a reload and a killed server, by %s',
    async (transport) => {
      const session = await server.createSession();
      const [one, two] = [await open(session, transport), await open(session, transport)];
      await say(one, 'Hello');
      await shows(two, '#items', /user: Hello \(received\)agent: .*help/s);
      await shows(two, '#status', /idle$/);
      await server.kill();
      await shows(one, '#status', /waiting|connecting/);
      await say(one, 'Are you there?');
      await shows(one, '#items', /Are you there\? \(sending\)$/);
      await server.start();
      await shows(two, '#items', /user: Are you there\? \(received\)agent: .*help/s);
      await shows(one, '#status', /^ready open idle$/);
      await shows(two, '#status', /^ready open idle$/);
      const shown = await items(one);
      expect(shown.filter((text) => text.startsWith('user: '))).toEqual([
        'user: Hello (received)',
        'user: Are you there? (received)',
      ]);
      expect(await items(two)).toEqual(shown);
      await two.reload();
      await shows(two, '#status', /^ready open idle$/);
      expect(await items(two)).toEqual(shown);
      const { subscribers } = await server.info(session);
      expect(subscribers).toBeLessThanOrEqual(2);
      await Promise.all([one.close(), two.close()]);
    },
    90_000,
  );

  it.each(['stream', 'shared'])(
    'never show a request again that was answered, in any tab, by %s',
    async (transport) => {
      const session = await server.createSession();
      const [one, two] = [await open(session, transport), await open(session, transport)];
      await say(one, 'permission');
      await two.locator('button.allow').waitFor(WAIT);
      await shows(two, '#open', /^1 open$/);
      const [id = ''] = await seen(two);
      await one.reload();
      await one.locator('button.allow').click(WAIT);
      await two.locator('button.allow').waitFor({ state: 'detached', ...WAIT });
      await shows(two, '#open', /^0 open$/);
      await shows(one, '#status', /^ready open idle$/);
      await Promise.all([one.reload(), two.reload()]);
      await Promise.all([one, two].map((page) => shows(page, '#status', /^ready open idle$/)));
      await server.kill();
      await server.start();
      await say(one, 'And then?');
      await shows(two, '#items', /And then\? \(received\)agent: /);
      expect(id).not.toBe('');
      expect([await seen(one), await seen(two)]).toEqual([[], []]);
      await Promise.all([one.close(), two.close()]);
    },
    90_000,
  );

  it('draw the components that the agent renders, while it writes them and after a reload', async () => {
    const session = await server.createSession();
    const page = await open(session);
    await say(page, 'Show me a card');
    await page.locator('.weather[data-state=writing]').waitFor(WAIT);
    await page.locator('.weather[data-state=rendered]').waitFor(WAIT);
    await shows(page, '.weather', /^Lisbon: 21.5$/);
    const drawn = await page.evaluate<{ place?: string; state: string }[]>('globalThis.drawn');
    expect(drawn.map(({ state }) => state)).toEqual(
      expect.arrayContaining(['writing', 'rendered']),
    );
    await say(page, 'And a chart');
    await shows(page, '.chart', /^Orders by month: 4143$/);
    await shows(page, '#status', /idle$/);
    const shown = await items(page);
    await page.reload();
    await page.locator('.chart[data-state=rendered]').waitFor(WAIT);
    await shows(page, '#status', /idle$/);
    expect(await items(page)).toEqual(shown);
    expect(await page.locator('.chart').count()).toBe(1);
    await page.close();
  }, 60_000);

  it('list the sessions as they are created, change and are deleted', async () => {
    const page = await open(await server.createSession());
    const other = await server.createSession();
    await server.say(other, 'Count the files');
    await shows(page, '#sessions', /Count the files: idle/);
    await server.delete(other);
    await eventually(
      async () => (await page.locator('#sessions').textContent(WAIT)) ?? '',
      (text) => !text.includes('Count the files'),
    );
    await page.close();
  }, 60_000);
});
