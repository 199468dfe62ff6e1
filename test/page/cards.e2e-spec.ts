import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { Standalone } from './standalone.js';
import { Viewer } from './viewer.js';

describeInChromium('the content of a conversation on the page', () => {
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

  it('shows the change of a file as a diff, in the permission request and in the conversation', async () => {
    await start('edit');
    const changes = ann.card.getByRole('group', { name: 'Changes of src/total.ts' });
    await ann.sees(changes);
    expect(await changes.locator('[data-kind=added] mark').allInnerTexts()).toEqual([
      ': readonly Item[]): number',
      ' * item.count',
    ]);
    expect(await changes.locator('[data-kind=same]').count()).toBe(5);
    await ann.button(/^Allow/).click();
    await ann.sees(ann.card.getByText('whole file'));
    await ann.sees(ann.conversation.getByRole('group', { name: 'Changes of src/total.ts' }));
    await ann.button(/^Deny/).click();
    await ann.button('Deny').click();
    await ann.sees(ann.results);
    expect(await ann.conversation.locator('.file-diff').count()).toBe(1);
  });
});
