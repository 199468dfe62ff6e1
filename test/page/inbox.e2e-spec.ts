import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { Standalone } from './standalone.js';
import { Viewer } from './viewer.js';

const NOTIFICATIONS = `
  window.shown = [];
  window.Notification = class extends EventTarget {
    static permission = 'granted';
    constructor(title, { body, tag }) {
      super();
      Object.assign(this, { title, body, tag });
      window.shown.push(this);
    }
    close() {}
  };
  Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });`;

describeInChromium('the inbox of the page in Chromium', () => {
  let browser: Browser;
  let server: Standalone;
  let ann: Viewer;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  beforeEach(async () => {
    server = await Standalone.start();
    ann = await Viewer.open(browser, server.link);
  });
  afterEach(async () => {
    await ann.close();
    await server.close();
  });
  afterAll(() => browser?.close());

  const inbox = () => ann.tab.getByRole('region', { name: 'Open requests' });
  const items = () => inbox().getByRole('button');
  const post = async (path: string, body: object) => {
    const headers = {
      authorization: `Bearer ${server.token}`,
      'content-type': 'application/json',
    };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    return await (await fetch(server.url + path, init)).text();
  };
  /** Creates a session by another client, which says something. Returns its id. */
  const startElsewhere = async (content: string) => {
    const { session_id: id } = JSON.parse(await post('/sessions', {})) as { session_id: string };
    await post(`/sessions/${id}/input`, { type: 'user_message', content });
    return id;
  };

  it('lists requests of every session, the oldest first, and opens a session at its request', async () => {
    await ann.startSession();
    await ann.say('help');
    await ann.sees(ann.results);
    expect(await inbox().count()).toBe(0);
    expect(await ann.tab.title()).toBe('Agent sessions');

    const asking = await startElsewhere('permission');
    await ann.sees(inbox());
    await startElsewhere('question');
    await eventually(
      () => items().count(),
      (count) => count === 2,
    );
    expect(await ann.tab.title()).toBe('(2) Agent sessions');
    expect(await inbox().locator('.badge').innerText()).toBe('2');
    expect(await items().first().innerText()).toContain('permission');

    await items().first().click();
    await ann.sees(ann.tab.locator('.card.permission:focus'));
    expect(ann.tab.url()).toContain(asking);
    await ann.tab.keyboard.press('a');
    await ann.sees(ann.results);
    await eventually(
      () => items().count(),
      (count) => count === 1,
    );
    await items().first().click();
    await ann.sees(ann.tab.locator('[data-request]:focus .card.question'));
    await ann.button('Decline to answer').click();
    await ann.seesNo(inbox());
    expect(await ann.tab.title()).toBe('Agent sessions');
  });

  it('removes a request of another session that another client has answered', async () => {
    const id = await startElsewhere('permission');
    await ann.sees(items());
    await post(`/sessions/${id}/input`, { type: 'interrupt' });
    await ann.seesNo(inbox());
    expect(await ann.tab.getByText('No session selected').count()).toBe(1);
  });

  it('notifies of a request of another session than the shown one, and opens it', async () => {
    await ann.startSession();
    await ann.tab.evaluate(NOTIFICATIONS);
    const asking = await startElsewhere('permission');
    const bodies = () => ann.tab.evaluate<string[]>('window.shown.map(({ body }) => body)');
    const [body] = await eventually(bodies, (all) => all.length === 1);
    expect(body).toMatch(/^permission\n./);
    await ann.tab.evaluate("window.shown[0].dispatchEvent(new Event('click'))");
    await ann.sees(ann.card);
    expect(ann.tab.url()).toContain(asking);
    expect(await bodies()).toHaveLength(1);
  });
});
