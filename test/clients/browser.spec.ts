import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { HostFolder } from '../docs/host-folder.js';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { COOKIE, writeCookieHost } from './cookie-host.js';
import { PAGE_RECIPES, startInPage } from './page-recipes.js';
import { RecipeFolder } from './recipes.js';
import { CURSORS, playRefusals, SHOWN, SILENCE_S, STEPS } from './refusal-steps.js';
import { LARGE_TEXT, playRestart } from './restart-scenario.js';
import { RestartableServer } from './restartable-server.js';
import { StubbornServer } from './stubborn-server.js';

const TOKEN = 'a-token-for-the-clients';

describeInChromium('A page in a browser', () => {
  let browser: Browser;
  let host: HostFolder;
  let folder: RecipeFolder;
  let impatient: RecipeFolder;
  const closers: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    [browser, host, folder, impatient] = await Promise.all([
      launchChromium(),
      HostFolder.create(),
      RecipeFolder.create(),
      RecipeFolder.create({ silenceSeconds: SILENCE_S }),
    ]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await Promise.all(closers.map((close) => close()));
    await Promise.all([folder?.remove(), impatient?.remove(), host?.remove()]);
  });

  it('follows a server that is killed, with a token and fetch-event-source', async () => {
    const server = await RestartableServer.start(
      host,
      host.server,
      { AGENT_WEBKIT_TOKEN: `ann:${TOKEN}` },
      { authorization: `Bearer ${TOKEN}` },
    );
    closers.push(() => server.kill());
    const session = await server.createSession();
    const target = { url: server.url, token: TOKEN, session };
    const page = await startInPage(browser, folder, 'fetch-event-source.mjs', target);
    const expected = await playRestart(server, session, [page]);

    expect(expected).toContain(LARGE_TEXT);
    expect(await page.text()).toBe(expected);
  }, 90_000);

  it('follows a server that is killed, with a cookie and EventSource', async () => {
    const server = await RestartableServer.start(
      host,
      await writeCookieHost(host),
      {},
      { cookie: `${COOKIE.name}=${COOKIE.value}`, 'sec-fetch-site': 'same-origin' },
    );
    closers.push(() => server.kill());
    const session = await server.createSession();
    const target = { url: server.url, token: '', session };
    const page = await startInPage(browser, folder, 'event-source.mjs', target, COOKIE);
    const expected = await playRestart(server, session, [page]);

    expect(expected).toContain(LARGE_TEXT);
    expect(await page.text()).toBe(expected);
  }, 90_000);

  it('sends messages with the cookie from its own origin only', async () => {
    const script = await writeCookieHost(host);
    const server = await RestartableServer.start(host, script, {}, {});
    closers.push(() => server.kill());
    const context = await browser.newContext();
    await context.addCookies([{ ...COOKIE, url: server.url, sameSite: 'Lax' }]);
    // Another port is another origin of the same site, so the browser sends the cookie.
    const other = await StubbornServer.start([{ status: 404 }]);
    closers.push(() => other.close());
    const statuses = [server.url, other.url].map(async (origin) => {
      const page = await context.newPage();
      await page.goto(`${origin}/page`);
      const answered = page.waitForResponse(`${server.url}/sessions`);
      const init = "{ method: 'POST', mode: 'no-cors', credentials: 'include' }";
      await page.evaluate(`fetch('${server.url}/sessions', ${init}).then(() => null)`);
      return (await answered).status();
    });

    expect(await Promise.all(statuses)).toEqual([200, 403]);
    await context.close();
  });

  /** Plays the refusals to a page. */
  const follow = async (file: string) => {
    const server = await StubbornServer.start(STEPS);
    closers.push(() => server.close());
    const target = { url: server.url, token: TOKEN, session: 's' };
    const page = await startInPage(browser, impatient, file, target);
    await playRefusals(server, page);
    const shown = await page.text();
    await page.close();
    return { file, shown, cursors: server.asked.map(({ cursor }) => cursor) };
  };

  it('follows the rules of the document in every program', async () => {
    // At the same time, because most of it is silence.
    const followed = await Promise.all(PAGE_RECIPES.map(follow));

    expect(followed).toEqual(
      PAGE_RECIPES.map((file) => ({ file, shown: SHOWN, cursors: CURSORS })),
    );
  }, 60_000);

  it.each(PAGE_RECIPES)('shows the status 401 in %s', async (file) => {
    const server = await StubbornServer.start([{ status: 401 }]);
    closers.push(() => server.close());
    const target = { url: server.url, token: TOKEN, session: 's' };
    const page = await startInPage(browser, impatient, file, target);
    await eventually(
      () => page.text(),
      (text) => text.includes('401'),
    );

    expect(server.asked).toHaveLength(1);
    await page.close();
  });
});
