import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { Standalone } from './standalone.js';
import { Viewer } from './viewer.js';

const command = (name: string, hint: string) => ({
  name,
  description: `Does ${name}`,
  argument_hint: hint,
});

describeInChromium('the session list of the page in Chromium', () => {
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

  const call = async (method: string, path: string, body: object) => {
    const headers = {
      authorization: `Bearer ${server.token}`,
      'content-type': 'application/json',
    };
    const init = { method, headers, body: JSON.stringify(body) };
    return JSON.parse((await (await fetch(server.url + path, init)).text()) || '{}') as {
      session_id: string;
    };
  };
  const startElsewhere = async (title: string, said?: string) => {
    const { session_id: id } = await call('POST', '/sessions', { title });
    if (said !== undefined)
      await call('POST', `/sessions/${id}/input`, { type: 'user_message', content: said });
    return id;
  };
  const group = (name: string) => ann.tab.getByRole('region', { name, exact: true });
  const listed = (title: string | RegExp) => ann.tab.locator('.session', { hasText: title });

  it('renames a session, shows a title that another client gives, and returns to the first message', async () => {
    await ann.startSession();
    await ann.say('help');
    await ann.sees(listed('help'));
    await ann.button('Options').click();
    await ann.tab.getByLabel('Title').fill('Invoices of May');
    await ann.button('Save title').click();
    await ann.sees(listed('Invoices of May'));
    await ann.sees(ann.tab.getByRole('heading', { level: 1, name: 'Invoices of May' }));

    const id = new URLSearchParams(new URL(ann.tab.url()).hash.slice(1)).get('session');
    await call('PATCH', `/sessions/${id}`, { title: 'Invoices of June' });
    await ann.sees(ann.tab.getByRole('heading', { level: 1, name: 'Invoices of June' }));
    await ann.button('Options').click();
    await ann.tab.getByLabel('Title').fill('');
    await ann.button('Save title').click();
    await ann.sees(ann.tab.getByRole('heading', { level: 1, name: 'help' }));
  });

  it('completes a slash command by the keyboard', async () => {
    await ann.tab.route('**/capabilities', async (route) => {
      const response = await route.fetch();
      const offered = (await response.json()) as object;
      const commands = [command('compact', '<focus>'), command('context', ''), command('init', '')];
      await route.fulfill({ response, json: { ...offered, commands } });
    });
    await ann.startSession();
    const field = ann.tab.getByLabel('Message', { exact: true });
    const options = ann.tab.getByRole('listbox', { name: 'Commands' }).getByRole('option');
    const selected = ann.tab.getByRole('option', { selected: true });
    await field.fill('/co');
    await ann.sees(options);
    expect(await options.allInnerTexts()).toEqual([
      expect.stringContaining('/compact <focus>'),
      expect.stringContaining('/context'),
    ]);
    await ann.tab.keyboard.press('ArrowDown');
    await ann.sees(selected.filter({ hasText: '/context' }));
    expect(await field.getAttribute('aria-activedescendant')).toBe('command-1');
    await ann.tab.keyboard.press('Tab');
    expect(await field.inputValue()).toBe('/context ');
    await ann.seesNo(options);
    await field.fill('/i');
    await ann.sees(options);
    await ann.tab.keyboard.press('Escape');
    await ann.seesNo(options);
    await field.fill('/in');
    await options.first().click();
    expect(await field.inputValue()).toBe('/init ');
  });

  it('saves a conversation as Markdown and as JSON Lines', async () => {
    await ann.startSession();
    await ann.say('help');
    await ann.sees(ann.results);
    await ann.button('Options').click();
    const save = async (format: string) => {
      const [download] = await Promise.all([
        ann.tab.waitForEvent('download'),
        ann.button(`Export as ${format}`).click(),
      ]);
      return [download.suggestedFilename(), await readFile(await download.path(), 'utf8')] as const;
    };
    const [name, markdown] = await save('Markdown');
    expect(name).toMatch(/^session-[0-9a-f]{8}\.md$/);
    expect(markdown).toMatch(/^# help\n\n## User\n\nhelp\n\n## Agent\n\n./);
    const [, lines] = await save('JSON Lines');
    const ids = lines
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: number }).id);
    expect(ids).toEqual(Array.from(ids, (_, at) => at + 1));
  });

  it('moves a session to the archive and back', async () => {
    await startElsewhere('Invoices of May');
    await listed('Invoices of May').click();
    await ann.button('Options').click();
    await ann.button('Archive').click();
    await ann.seesNo(listed('Invoices of May'));
    await ann.button('Archived').click();
    await listed('Invoices of May').click();
    await ann.button('Options').click();
    await ann.button('Move out of the archive').click();
    await ann.sees(ann.tab.getByText('You have no archived sessions.'));
    await ann.button('Archived').click();
    await ann.sees(listed('Invoices of May'));
  });

  it('searches the titles of all sessions, also those that were not loaded yet', async () => {
    // The page gets two sessions at a time.
    await ann.tab.route('**/sessions?limit=50*', (route) =>
      route.continue({ url: route.request().url().replace('limit=50', 'limit=2') }),
    );
    for (const title of ['Invoices of May', 'Letter 1', 'Letter 2', 'Letter 3'])
      // oxlint-disable-next-line no-await-in-loop -- the searched session is to be the oldest
      await startElsewhere(title);
    await ann.sees(listed('Letter 3'));
    expect(await listed('Invoices').count()).toBe(0);
    await ann.tab.getByLabel('Search sessions').fill('OF MAY');
    await ann.sees(listed('Invoices of May'));
    expect(await ann.tab.locator('.session').count()).toBe(1);
    await ann.tab.getByLabel('Search sessions').fill('april');
    await ann.sees(ann.tab.getByText('No title contains this text.'));
  });

  it('shows a session that needs the user once, above those of today', async () => {
    const asked: string[] = [];
    ann.tab.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await startElsewhere('Asks', 'permission');
    await ann.sees(group('Open requests').getByRole('button', { name: /Asks/ }));
    await ann.seesNo(listed('Asks'));
    await startElsewhere('Waits for nothing');
    await ann.sees(group('Today').locator('.session', { hasText: 'Waits for nothing' }));
    expect(await ann.tab.getByRole('button', { name: /Asks/ }).count()).toBe(1);
    expect(asked.filter((path) => path === '/stream').length).toBeLessThan(2);
  });

  it('keeps every session of the pages that are shown while others come into use', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 55; n += 1) ids.push(await startElsewhere(`Session ${n}`)); // oxlint-disable-line no-await-in-loop -- in this order
    const rows = ann.tab.locator('.session');
    const count = async (expected: number) => {
      await eventually(async () => (await rows.count()) === expected);
    };
    await ann.tab.reload();
    await count(50);
    await ann.button('Older sessions').click();
    await count(55);
    // One from further back moves to the front, and the last one of a page to the next page.
    await call('PATCH', `/sessions/${ids[0]}`, { title: 'Session of old' });
    await ann.sees(listed('Session of old'));
    await count(55);
    for (const n of [4, 5, 6]) await ann.sees(listed(new RegExp(`^Session ${n}(?!\\d)`))); // oxlint-disable-line no-await-in-loop -- each
    // One of the second page is deleted.
    await call('DELETE', `/sessions/${ids[2]}`, {});
    await ann.seesNo(listed(/^Session 2(?!\d)/));
    await count(54);
  }, 60_000);
});
