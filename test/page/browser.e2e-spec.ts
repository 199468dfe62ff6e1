import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { Standalone } from './standalone.js';
import { Viewer } from './viewer.js';

describeInChromium('the page in Chromium', () => {
  let browser: Browser;
  let server: Standalone;
  let viewers: Viewer[] = [];
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchChromium(), Standalone.start()]);
  });
  afterEach(async () => {
    await Promise.all(viewers.map((viewer) => viewer.close()));
    viewers = [];
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const open = async (link = server.link, width = 1440) => {
    const viewer = await Viewer.open(browser, link, width);
    viewers.push(viewer);
    return viewer;
  };
  const openSession = async () => {
    const viewer = await open();
    await viewer.startSession();
    return viewer;
  };

  it('signs in with a link, removes the token from the address bar and keeps it across a reload', async () => {
    const ann = await open();
    await ann.sees(ann.tab.getByText('No session selected'));
    expect(ann.tab.url()).toBe(`${server.url}/`);
    await ann.tab.reload();
    await ann.sees(ann.tab.getByText('No session selected'));

    await ann.button('Sign out').click();
    await ann.sees(ann.tab.getByLabel('Token'));
    expect(await ann.tab.evaluate('sessionStorage.length')).toBe(0);
  });

  it('asks for a token, and reports an invalid one', async () => {
    const ann = await open(server.url);
    await ann.tab.getByLabel('Token').fill('wrong');
    await ann.button('Sign in').click();
    await ann.sees(ann.tab.getByText('This token is not valid.'));
    await ann.tab.getByLabel('Token').fill(server.token);
    await ann.button('Sign in').click();
    await ann.sees(ann.tab.getByText('No session selected'));
  });

  it('shows the sandbox of a session before its folder, which may be cut off', async () => {
    const ann = await openSession();
    await ann.sees(ann.tab.getByText(/^default model · \/.+\/sessions\/[\da-f-]{36}$/));
  });

  it('shows an answer while it streams, with Markdown, and unchanged after a reload', async () => {
    const ann = await openSession();
    await ann.say('help');
    await ann.sees(ann.tab.locator('.item.agent[data-streaming] p'));
    await ann.sees(ann.results);
    await ann.sees(ann.conversation.locator('li strong', { hasText: 'permission' }));
    await ann.sees(ann.tab.locator('.session', { hasText: 'help' }));

    const shown = await ann.conversation.innerText();
    await ann.tab.reload();
    await ann.sees(ann.results);
    expect(await ann.conversation.innerText()).toBe(shown);
  });

  it('offers notifications at the first request, and notifies of a request while it is in the background', async () => {
    const ann = await openSession();
    // The browser of the tests shows none.
    await ann.tab.evaluate(`
      window.shown = [];
      window.Notification = class extends EventTarget {
        static permission = 'default';
        static async requestPermission() { return (this.permission = 'granted'); }
        constructor(title, { body }) { super(); this.text = title + ': ' + body; window.shown.push(this); }
        close() { this.isClosed = true; }
      };`);
    const texts = () => ann.tab.evaluate<string[]>('window.shown.map(({ text }) => text)');
    expect(await ann.button('Notify me').count()).toBe(0);
    await ann.say('permission');
    await ann.button('Notify me').click();
    await ann.seesNo(ann.button('Notify me'));
    expect(await texts()).toEqual([]);
    await ann
      .button(/^Allow/)
      .first()
      .click();
    await ann.sees(ann.results);

    await ann.tab.evaluate(
      "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })",
    );
    await ann.say('permission');
    await eventually(texts, (all) => all.length === 1);
    expect(await texts()).toEqual([expect.stringMatching(/^The agent needs you: permission\n./)]);
    await ann.tab.evaluate("window.shown[0].dispatchEvent(new Event('click'))");
    expect(await ann.tab.evaluate('window.shown[0].isClosed')).toBe(true);
  });

  it('closes a permission request in every tab after one of them has answered it', async () => {
    const ann = await openSession();
    const other = await open(`${ann.tab.url()}&token=${server.token}`);
    await other.sees(other.tab.locator('.pill[data-connection=open]'));
    await ann.say('permission');
    await Promise.all([ann.sees(ann.card), other.sees(other.card)]);
    await ann.sees(ann.tab.locator('.tool[data-state=asked]'));

    await other.button(/^Edit and allow/).click();
    await other.tab.getByLabel('Input (JSON)').fill('{"command": "echo edited"}');
    await other.button('Allow with this input').click();
    await Promise.all([ann.seesNo(ann.card), other.seesNo(other.card)]);
    await Promise.all([ann.seesText('The command was: echo edited'), other.sees(other.results)]);
    await ann.sees(ann.tab.locator('.tool', { hasText: 'Allowed with changes by ann' }));
  });

  it('allows a call from the message field by Ctrl+Enter, but sends a message that is written there', async () => {
    const ann = await openSession();
    await ann.say('permission');
    await ann.sees(ann.card);
    await ann.tab.getByLabel('Message', { exact: true }).fill('later');
    await ann.tab.keyboard.press('Control+Enter');
    await ann.sees(ann.tab.getByText('later'));
    await ann.sees(ann.card);
    await ann.tab.getByLabel('Message', { exact: true }).press('Control+Enter');
    await ann.seesNo(ann.card);
    await ann.seesText(/You allowed it/);
  });

  it('denies a permission with the keyboard and a reason', async () => {
    const ann = await openSession();
    await ann.say('permission');
    await ann.button(/^Deny/).focus();
    await ann.tab.keyboard.press('d');
    await ann.tab.keyboard.type('Not today');
    await ann.button('Deny').click();
    await ann.seesText(/You denied it with the message: Not today/);
    await ann.sees(ann.tab.locator('.tool[data-state=denied]'));
  });

  it('answers questions with one option, several options and free text', async () => {
    const ann = await openSession();
    await ann.say('question');
    await ann.tab.getByRole('radio', { name: 'Green' }).check();
    await ann.button('Answer').click();
    await ann.sees(ann.tab.getByText('Answer every question, or decline to answer.'));
    await ann.tab.getByRole('checkbox', { name: 'A service' }).check();
    await ann.tab.getByLabel(/Your own answer: What are you building/).fill('and a robot');
    await ann.button('Answer').click();
    await ann.seesNo(ann.card);
    await ann.seesText(
      'Which color do you like best? Green. What are you building? A service, and a robot.',
    );
  });

  it('fills in the form of an MCP server, and shows why the server rejects a value', async () => {
    const ann = await openSession();
    await ann.say('form');
    await ann.sees(ann.card.getByText('Where shall we send the parcel?'));
    expect(await ann.card.locator('.chip').innerText()).toBe('demo');
    await ann.card.getByLabel('Name').fill('A');
    await ann.card.getByLabel('Speed').selectOption('express');
    await ann.card.getByLabel('gift wrap').check();
    await ann.button('Send to demo').click();
    await ann.sees(ann.card.getByText('content.name: must have at least 2 characters'));
    await ann.card.getByLabel('Name').fill('Ada');
    await ann.button('Send to demo').click();
    const content = {
      name: 'Ada',
      parcels: 1,
      speed: 'express',
      extras: ['gift wrap'],
      isGift: false,
    };
    await ann.seesText(`You filled in: ${JSON.stringify(content)}`);
    await ann.seesNo(ann.card);

    await ann.say('form');
    await ann.button('Decline').click();
    await ann.seesText('You did not fill in the form.');
  });

  it('shows the whole address of a page before it opens it in another tab, without the page as its opener', async () => {
    const ann = await openSession();
    await ann.tab.evaluate('window.open = (...opened) => { window.opened = opened; }');
    await ann.say('visit');
    await ann.sees(ann.card.getByText('https://example.com/sign-in?from=demo'));
    await ann.sees(ann.card.getByText('example.com', { exact: true }));
    await ann.button('Open the page').click();
    await ann.seesText('You opened the page.');
    expect(await ann.tab.evaluate('window.opened')).toEqual([
      'https://example.com/sign-in?from=demo',
      '_blank',
      'noopener,noreferrer',
    ]);
  });

  it('shows the dialog of a model that refused, and sends the choice', async () => {
    const ann = await openSession();
    await ann.say('refusal');
    await ann.sees(ann.card.getByText('The model refused to answer'));
    await ann.sees(ann.card.getByText('demo-two can answer instead.'));
    await ann.button('Continue with demo-two').click();
    await ann.seesText('You chose "retry_fallback". No model was asked.');
    await ann.say('refusal');
    await ann.button('Dismiss').click();
    await ann.seesText('You chose nothing. No model was asked.');
  });

  it('decides in place of a hook, with a reason', async () => {
    const ann = await openSession();
    await ann.say('hook');
    await ann.sees(ann.card.getByText('May the agent use this tool?'));
    await ann.sees(ann.card.getByText('EUR'));
    await ann.card.getByLabel('Reason of a denial').fill('too much');
    await ann.button('Deny').click();
    await ann.seesText('You denied it with the message: too much');
    await ann.say('hook');
    await ann.button('Allow').click();
    await ann.seesText('You allowed it. Nothing was transferred: this is a demo.');
  });

  it('queues a message during a turn, and stops the turn when Escape is pressed twice', async () => {
    const ann = await openSession();
    await ann.say('long');
    await ann.seesText(/I am counting slowly/);
    await ann.say('And then this');
    await ann.sees(ann.tab.getByLabel('Queued messages').getByText('And then this'));
    await ann.tab.keyboard.press('Escape');
    await ann.sees(ann.tab.getByText('Press Esc again to stop the agent'));
    await ann.tab.keyboard.press('Escape');
    await ann.seesText(/^Interrupted/);
    await ann.seesText(/You wrote “And then this”/);
    await ann.seesNo(ann.tab.getByLabel('Queued messages'));
  });

  it('resumes without gaps when the connection is closed, and shows it in the event log', async () => {
    const ann = await openSession();
    await ann.button('Events').click();
    await ann.say('long');
    await ann.seesText(/ 2 /);
    await ann.button('Reconnect').click();
    await ann.sees(ann.tab.locator('.row.mark', { hasText: 'You closed the connection' }));
    await ann.sees(ann.tab.locator('.row.mark', { hasText: /Reconnected after event \d+/ }));
    const reached = Number(/(\d+)\s*$/.exec(await ann.lastAnswer())?.[1]);
    await ann.seesText(new RegExp(` ${reached + 3} `));
    await ann.button('Stop').click();
    await ann.sees(ann.results);

    const counted = (await ann.lastAnswer()).match(/\d+/g)?.map(Number) ?? [];
    expect(counted).toEqual(counted.map((_, index) => index + 1));
  });

  it('reconnects by itself after a restart of the server', async () => {
    const ann = await openSession();
    await ann.say('long');
    await ann.seesText(/I am counting slowly/);
    await server.stop();
    await ann.sees(ann.tab.getByText('Server unreachable'));
    await ann.say('Sent while offline');
    await ann.sees(ann.tab.getByText('Cannot reach the server. Check that it is running.'));

    await server.start();
    await ann.sees(ann.tab.locator('.pill[data-connection=open]'));
    await ann.seesText(/The server stopped during this turn/);
    await ann.button('Send again').click();
    await ann.seesText(/You wrote “Sent while offline”/);
    await ann.sees(ann.results.nth(1));
    expect(await ann.conversation.getByText('Sent while offline', { exact: true }).count()).toBe(1);
  });

  it('shows scripts and HTML as text', async () => {
    const hostile = [
      '<img src=x onerror="window.harmed=1">',
      '<script>window.harmed=1</script>',
      '[click](javascript:window.harmed=1) [data](data:text/html,<script>harm</script>)',
      '![pixel](https://example.com/pixel.png)',
      '<style>body{display:none}</style> <iframe srcdoc="<script>top.harmed=1</script>"></iframe>',
      '&lt;svg/onload=window.harmed=1&gt;',
    ].join(' ');
    const ann = await openSession();
    await ann.say(hostile);
    await ann.sees(ann.results);

    await ann.seesText(/<img src=x onerror="window.harmed=1">/);
    expect(await ann.conversation.locator('.agent').innerText()).toContain(
      '<script>window.harmed=1</script>',
    );
    expect(
      await ann.conversation
        .locator('script, style, iframe, img, svg, [onerror], [onload]')
        .count(),
    ).toBe(0);
    expect(await ann.conversation.locator('a[href^=javascript], a[href^=data]').count()).toBe(0);
    expect(await ann.tab.evaluate('window.harmed')).toBeUndefined();
  });

  it('sends pasted images and shows them', async () => {
    const ann = await openSession();
    await ann.tab.getByLabel('Message', { exact: true }).focus();
    await ann.tab.evaluate(PASTE_IMAGE);
    await ann.sees(ann.tab.getByLabel('Images to send').locator('img'));
    await ann.say('Look at this');
    await ann.seesText(/You wrote “Look at this”/);
    await ann.sees(ann.conversation.getByRole('img', { name: 'Sent by you' }));
    expect(
      await ann.tab.evaluate('document.querySelector(".user .image > img").naturalWidth'),
    ).toBe(1);
  });

  it('reports that a session was deleted in another tab', async () => {
    const ann = await openSession();
    const other = await open(`${ann.tab.url()}&token=${server.token}`);
    await other.sees(other.tab.locator('.pill[data-connection=open]'));
    await ann.button('Options').click();
    await ann.button('Delete').click();
    await ann.tab.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await ann.sees(ann.tab.getByText('No session selected'));
    await other.seesText('The session has ended.');
    await other.tab.reload();
    await other.sees(
      other.tab.getByText('Session not found. It was deleted, or it belongs to another user.'),
    );
  });

  it('shows one pane at a time on a phone', async () => {
    const ann = await open(server.link, 390);
    await ann.button('New session').first().click();
    await ann.button('Start session').click();
    await ann.say('tools');
    await ann.sees(ann.results);
    await ann.tab
      .getByRole('navigation', { name: 'Panels' })
      .getByRole('button', { name: 'Events' })
      .click();
    await ann.tab.getByLabel('Filter events').fill('turn_start');
    await ann.sees(ann.tab.getByRole('option', { name: /turn_start/ }));
    expect(await ann.tab.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });
});

/** One red pixel, in the form in which a browser passes copied images. */
const PASTE_IMAGE = `
  const bytes = Uint8Array.from(atob(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
  ), (c) => c.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], 'red.png', { type: 'image/png' }));
  document.activeElement.dispatchEvent(
    new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
  );
`;
