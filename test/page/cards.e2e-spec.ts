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

  it('shows code in the colors of its language, and copies code and whole messages', async () => {
    await start('code');
    await ann.sees(ann.results);
    const code = ann.conversation.locator('.code-block').first();
    expect(await code.locator('figcaption span').first().innerText()).toBe('ts');
    await ann.sees(code.locator('.code-keyword', { hasText: /^export$/ }));
    await ann.sees(ann.conversation.locator('.code-block').nth(1).locator('.code-comment'));
    await ann.tab.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = () => ann.tab.evaluate<string>('navigator.clipboard.readText()');
    await code.getByRole('button', { name: 'Copy code' }).click();
    await ann.sees(code.getByRole('button', { name: 'Copied' }));
    expect(await copied()).toMatch(/^\/\*\* Calls[^]+\n}$/);
    await ann.conversation.getByRole('button', { name: 'Copy message' }).click();
    expect(await copied()).toMatch(/^This function retries[^]+```ts[^]+\| 2 \| 400 ms/);
  });

  it('copies where the browser offers no clipboard, such as without HTTPS', async () => {
    await start('permission');
    await ann.sees(ann.card);
    await ann.tab.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await ann.tab.evaluate(`
      document.addEventListener('copy', () => { window.copied = document.activeElement.value; });`);
    const copy = ann.card.getByRole('button', { name: 'Copy code' });
    await copy.click();
    await ann.sees(ann.card.getByRole('button', { name: 'Copied' }));
    expect(await ann.tab.evaluate('window.copied')).toBe('echo "Hello from the demo"');
  });
});
