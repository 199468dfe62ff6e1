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

  it('shows the work of a sub-agent inside its call, also after a reload', async () => {
    await start('subagent');
    const call = ann.conversation.locator('.tool', { hasText: 'Count the files' }).first();
    // The call is open while the sub-agent works.
    await ann.sees(call.locator('.thread .tool', { hasText: 'Glob' }));
    await ann.sees(ann.results);
    expect(await ann.conversation.locator('.thread').count()).toBe(0);
    await ann.tab.reload();
    await ann.sees(ann.results);
    expect(await ann.conversation.locator('.thread').count()).toBe(0);
    await call.locator('summary').first().click();
    await ann.sees(call.locator('.thread').getByText('There are two files, a.txt and b.txt.'));
    expect(await ann.conversation.locator('.items-inner > .agent').count()).toBe(3);
  });

  it('shows the newest to-do list as a list, and collapses the earlier ones', async () => {
    await start('todo');
    const list = ann.conversation.getByRole('list', { name: 'To-do list' });
    await ann.sees(list.getByText('Fixing the rounding'));
    await ann.sees(ann.results);
    expect(await list.count()).toBe(1);
    expect(await list.locator('[data-status=completed]').count()).toBe(3);
    await ann.sees(ann.conversation.locator('.tool', { hasText: '1 of 3 done' }));
  });

  it('shows answered questions with their answers, and a plan that was approved', async () => {
    await start('question');
    await ann.tab.getByRole('radio', { name: 'Green' }).check();
    await ann.tab.getByRole('checkbox', { name: 'A service' }).check();
    await ann.button('Answer').click();
    await ann.sees(ann.results);
    expect(await ann.conversation.locator('.answers dd').allInnerTexts()).toEqual([
      'Green',
      'A service',
    ]);
    await ann.say('plan');
    await ann.sees(ann.card);
    await ann.tab.getByLabel('Message', { exact: true }).press('Control+Enter');
    await ann.sees(ann.results.nth(1));
    await ann.sees(ann.conversation.locator('.tool strong', { hasText: /^Copy$/ }));
  });

  it('enlarges an image of a tool, and says when, by which model and with how many tokens a turn ended', async () => {
    await start('picture');
    await ann.sees(ann.results);
    await ann.conversation.locator('button.image').click();
    const dialog = ann.tab.getByRole('dialog', { name: 'Image from Read' });
    await ann.sees(dialog);
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(await ann.results.innerText()).toMatch(
      /^Done · [\d.]+ m?s · scripted · tokens: \d+ in, \d+ out · \$0\.0010 · \d\d:\d\d$/,
    );
    await ann.sees(ann.conversation.locator('.user time'));
  });

  it('shows an interrupted turn as such, and not as a failure', async () => {
    await start('todo');
    await ann.sees(ann.tab.locator('.todos'));
    await ann.button('Stop').click();
    await ann.seesText(/^Interrupted/);
    expect(await ann.results.getAttribute('data-error')).toBeNull();
    expect(await ann.conversation.locator('.fault, [data-state=failed]').count()).toBe(0);
  });

  it('scrolls a wide table and code on a phone, and not the page', async () => {
    ann = await Viewer.open(browser, server.link, 390);
    await ann.startSession();
    await ann.say('code');
    await ann.sees(ann.results);
    const isWide = (selector: string) =>
      ann.tab.evaluate<boolean>(
        `(() => { const box = document.querySelector('${selector}'); return box.scrollWidth > box.clientWidth; })()`,
      );
    expect(await isWide('.markdown .table')).toBe(true);
    expect(await isWide('.code-block pre')).toBe(true);
    expect(await ann.tab.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });
});
