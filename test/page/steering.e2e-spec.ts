import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { Standalone } from './standalone.js';
import { Viewer } from './viewer.js';

describeInChromium('steering a session by the page in Chromium', () => {
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

  const queue = () => ann.tab.getByLabel('Queued messages', { exact: true });
  /** The button of a message that the server has queued: one that is being sent is listed too, without it. */
  const withdrawal = (text: string) =>
    queue()
      .getByRole('listitem')
      .filter({ hasText: text })
      .getByRole('button', { name: 'Withdraw' });
  const startLongTurn = async () => {
    await ann.say('long');
    await ann.seesText(/I am counting slowly/);
  };
  const stop = async () => {
    await ann.button('Stop').click();
    await ann.seesText(/^Interrupted/);
  };

  it('edits a queued message, and withdraws another', async () => {
    await startLongTurn();
    await ann.say('First');
    await ann.say('Second');
    await withdrawal('Second').click();
    await ann.seesNo(queue().getByText('Second'));
    await queue().getByRole('button', { name: 'Edit' }).click();
    await ann.tab.getByLabel('Queued message', { exact: true }).fill('Changed');
    await queue().getByRole('button', { name: 'Save' }).click();
    await ann.sees(queue().getByText('Changed'));
    await stop();
    await ann.seesText(/You wrote “Changed”/);
    expect(await ann.conversation.getByText(/First|Second/).count()).toBe(0);
  });

  it('sends a message into the running turn, by the button and by Ctrl+Enter', async () => {
    await startLongTurn();
    const sent: unknown[] = [];
    ann.tab.on('request', (request) => {
      if (request.method() === 'POST') sent.push(request.postDataJSON());
    });
    await ann.tab.getByLabel('Message', { exact: true }).fill('Be brief');
    await ann.button('Send now').click();
    await ann.tab.getByLabel('Message', { exact: true }).fill('And quick');
    await ann.tab.keyboard.press('Control+Enter');
    await ann.sees(ann.tab.getByText('And quick'));
    expect(sent).toMatchObject([
      { content: 'Be brief', delivery: 'next_step' },
      { content: 'And quick', delivery: 'next_step' },
    ]);
    await stop();
  });

  it('keeps the buttons of a running turn on a screen of 360 pixels', async () => {
    await ann.tab.setViewportSize({ width: 360, height: 760 });
    await startLongTurn();
    await ann.say('Next');
    await ann.sees(withdrawal('Next'));
    const buttons = ann.tab.locator('.composer button, .waiting button');
    const boxes = await buttons.evaluateAll((all) =>
      all.map((button) => button.getBoundingClientRect().right),
    );
    expect(boxes.length).toBe(6);
    expect(Math.max(...boxes)).toBeLessThanOrEqual(360);
    await ann.tab.setViewportSize({ width: 1440, height: 900 });
    await stop();
  });

  it('offers only the permission modes that the host permits', async () => {
    const mode = ann.tab.getByLabel('Permission mode').first();
    await ann.tab.waitForFunction(() => {
      const options = document.querySelectorAll('.conversation-head .mode option');
      return options.length > 0 && options.length < 6;
    });
    const { permission_modes: permitted } = (await (
      await fetch(
        `${server.url}/sessions/${new URLSearchParams(new URL(ann.tab.url()).hash.slice(1)).get('session')}/capabilities`,
        { headers: { authorization: `Bearer ${server.token}` } },
      )
    ).json()) as { permission_modes: string[] };
    const offered = await mode
      .locator('option')
      .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
    expect(offered.toSorted()).toEqual(permitted.toSorted());
  });

  it('shows the shortcuts by the key ?, but not while the user writes', async () => {
    const help = ann.tab.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await ann.tab.getByLabel('Message', { exact: true }).press('?');
    expect(await help.count()).toBe(0);
    await ann.button('Options').focus();
    await ann.tab.keyboard.press('?');
    await ann.sees(help);
    await ann.tab.keyboard.press('Escape');
    await ann.seesNo(help);
  });
});
