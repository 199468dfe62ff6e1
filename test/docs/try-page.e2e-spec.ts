import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { agentWebkitOpenApi } from '../../src/index.js';
import { Standalone } from '../page/standalone.js';
import { describeInChromium, launchChromium } from '../support/chromium.js';

describeInChromium('The page for trying the API', () => {
  let browser: Browser;
  let server: Standalone;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchChromium(), Standalone.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('lists the operations, and sends requests with a token, under its content security policy', async () => {
    const tab = await browser.newPage();
    const errors: string[] = [];
    tab.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    tab.on('pageerror', (error) => errors.push(error.message));
    await tab.goto(`${server.url}/docs`);
    const send = async (operation: string) => {
      const part = tab.locator('details', { has: tab.getByText(operation, { exact: true }) });
      await part.locator('summary').click();
      await part.getByRole('button', { name: 'Send' }).click();
      return part.locator('pre');
    };

    await tab.getByLabel('Token').fill(server.token);
    await (await send('POST /sessions')).getByText('session_id').waitFor();
    expect(await tab.getByLabel('Session', { exact: true }).inputValue()).toMatch(/^[\da-f-]{36}$/);
    const stream = await send('GET /sessions/{id}/stream');
    await send('POST /sessions/{id}/input');
    await stream.getByText('event: result').waitFor();
    expect(await tab.locator('details').count()).toBe(18);
    expect(errors).toEqual([]);
    await tab.close();
  });

  it('is served with the OpenAPI description, which needs no token', async () => {
    const response = await fetch(`${server.url}/openapi.json`);

    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(agentWebkitOpenApi())));
  });
});
