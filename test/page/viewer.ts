import { expect } from '@jest/globals';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';

/** The timeout of every wait. */
const PATIENCE_MS = 15_000;

/** A user with the page in a tab, and the errors that the browser reports. */
export class Viewer {
  readonly #context: BrowserContext;
  readonly tab: Page;
  /** Requests to other servers. */
  readonly foreign: string[] = [];
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext, tab: Page, origin: string) {
    this.#context = context;
    this.tab = tab;
    tab.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !/^(?:data|blob):/.test(url)) this.foreign.push(url);
    });
    tab.on('pageerror', (error) => this.complaints.push(error.message));
    tab.on('console', (message) => {
      if (/Content Security Policy|Trusted/.test(message.text()))
        this.complaints.push(message.text());
    });
  }

  /** Opens a link in a window with a separate browser context. */
  static async open(browser: Browser, link: string, width = 1440): Promise<Viewer> {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const tab = await context.newPage();
    const viewer = new Viewer(context, tab, new URL(link).origin);
    await tab.goto(link);
    return viewer;
  }

  button(name: string | RegExp): Locator {
    return this.tab.getByRole('button', { name, exact: typeof name === 'string' });
  }

  get card(): Locator {
    return this.tab.locator('.card');
  }

  get conversation(): Locator {
    return this.tab.getByRole('log', { name: 'Conversation' });
  }

  get results(): Locator {
    return this.conversation.locator('.item.result');
  }

  async startSession(): Promise<void> {
    await this.button('New session').first().click();
    await this.button('Start session').click();
    await this.sees(this.tab.locator('.pill[data-connection=open]'));
  }

  async say(text: string): Promise<void> {
    await this.tab.getByLabel('Message', { exact: true }).fill(text);
    await this.tab.keyboard.press('Enter');
  }

  async sees(locator: Locator): Promise<void> {
    await locator.first().waitFor();
  }

  async seesText(text: string | RegExp): Promise<void> {
    await this.sees(this.conversation.getByText(text));
  }

  async seesNo(locator: Locator): Promise<void> {
    await locator.first().waitFor({ state: 'detached' });
  }

  /** The text of the agent's last message. */
  lastAnswer(): Promise<string> {
    return this.conversation.locator('.item.agent').last().innerText();
  }

  async close(): Promise<void> {
    await this.#context.close();
    expect(this.foreign).toEqual([]);
    expect(this.complaints).toEqual([]);
  }
}
