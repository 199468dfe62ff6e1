import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { Standalone } from './standalone.js';
import { Viewer } from './viewer.js';

describeInChromium('replacing a message by the page in Chromium', () => {
  let browser: Browser;
  let server: Standalone;
  let ann: Viewer;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchChromium(), Standalone.start()]);
  });
  beforeEach(async () => {
    ann = await Viewer.open(browser, server.link);
    await ann.startSession();
  });
  afterEach(() => ann.close());
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const replaced = () => ann.conversation.locator('.replaced');

  it('retries a turn that was interrupted', async () => {
    await ann.say('long');
    await ann.seesText(/I am counting slowly/);
    expect(await ann.button('Retry').count()).toBe(0);
    await ann.button('Stop').click();
    await ann.seesText(/^Interrupted/);
    await ann.button('Retry').click();
    await ann.sees(replaced().first());
    await ann.sees(ann.button('Stop'));
    await ann.button('Stop').click();
    await ann.sees(ann.button('Retry'));
    expect(await ann.tab.getByRole('article', { name: 'You, replaced' }).count()).toBe(1);
  });

  it('sends an edited message in its place, and shows what the agent has forgotten', async () => {
    await ann.say('First');
    await ann.seesText(/You wrote “First”/);
    await ann.say('Second');
    await ann.seesText(/You wrote “Second”/);
    await ann.button('Edit').first().click();
    await ann.tab.getByLabel('Edited message').fill('Changed');
    await ann.tab.locator('.message-edit').getByRole('button', { name: 'Send' }).click();
    await ann.seesText(/You wrote “Changed”/);
    expect(await ann.tab.getByRole('article', { name: 'You, replaced' }).count()).toBe(2);
    await ann.tab.reload();
    await ann.seesText(/You wrote “Changed”/);
    expect(await ann.tab.getByRole('article', { name: 'You, replaced' }).count()).toBe(2);
  });
});
