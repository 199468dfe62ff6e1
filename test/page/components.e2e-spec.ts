import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { Standalone } from './standalone.js';
import { Viewer } from './viewer.js';

describeInChromium('the components that an agent renders, on the page', () => {
  let browser: Browser;
  let server: Standalone;
  let ann: Viewer;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchChromium(), Standalone.start()]);
  });
  afterEach(() => ann.close());
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const start = async (text: string) => {
    ann = await Viewer.open(browser, server.link);
    await ann.startSession();
    await ann.say(text);
  };
  const component = (name: string) => ann.conversation.getByRole('region', { name });

  it('are tables of their properties, which grow while the agent writes them', async () => {
    await start('Show me a card');
    const card = component('Weather card');
    await ann.sees(card.and(ann.tab.locator('[aria-busy=true]')).getByRole('row').first());
    await ann.sees(ann.results);
    await ann.sees(card.and(ann.tab.locator('[aria-busy=false]')));
    const rows = await card.locator('> .table-scroll > table > tbody > tr').allInnerTexts();
    expect(rows.slice(0, 3)).toEqual([
      'Place\tLisbon',
      'Temperature\t21.5',
      'Condition\tSunny, with a light wind from the sea',
    ]);
    const hours = card.getByRole('table').nth(1).getByRole('row');
    expect(await hours.allInnerTexts()).toEqual([
      'Hour\tTemperature',
      '12:00\t21',
      '15:00\t23',
      '18:00\t20',
    ]);
    expect(await ann.conversation.locator('.tool').count()).toBe(0);
  });

  it('are tool calls with the reason when they failed, also after a reload', async () => {
    await start('Show me a chart');
    const isShown = async () => {
      await ann.sees(ann.results);
      await ann.sees(component('Bar chart').getByText('Orders by month'));
      const failed = ann.conversation.locator('.tool[data-state=failed]');
      expect(await failed.count()).toBe(1);
      expect(await component('Bar chart').count()).toBe(1);
      return failed;
    };
    await isShown();
    await ann.tab.reload();
    const failed = await isShown();
    await failed.locator('summary').click();
    await ann.sees(failed.getByText('bars must be an array'));
  });

  it('are tool calls where the server does not list them', async () => {
    await start('Hello');
    await ann.sees(ann.results);
    await ann.tab.route('**/genui/schema', (route) =>
      route.fulfill({ json: { version: '1.0', server_name: 'x', prefix: '', tools: [] } }),
    );
    await ann.tab.reload();
    await ann.say('card');
    await eventually(async () => (await ann.conversation.locator('.tool').count()) === 1);
    expect(await ann.conversation.locator('.component').count()).toBe(0);
  });
});
