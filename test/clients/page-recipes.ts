import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { ROOT } from '../docs/markdown.js';
import type { RecipeFolder, Running, Target } from './recipes.js';

const LIBRARY = join(ROOT, 'node_modules/@microsoft/fetch-event-source/lib/esm');

/** The programs that run in a browser. */
export const PAGE_RECIPES = ['event-source.mjs', 'fetch-event-source.mjs'] as const;

interface Cookie {
  name: string;
  value: string;
}

/** Starts a program in a page of its own, which has the server's origin. */
export async function startInPage(
  browser: Browser,
  folder: RecipeFolder,
  file: string,
  { url, token, session }: Target,
  cookie?: Cookie,
): Promise<Running> {
  const context = await browser.newContext();
  if (cookie) await context.addCookies([{ ...cookie, url, httpOnly: true, sameSite: 'Lax' }]);
  const page = await context.newPage();
  const map = { imports: { '@microsoft/fetch-event-source': './library/index' } };
  const html =
    `<!doctype html><meta charset="utf-8"><script type="importmap">${JSON.stringify(map)}</script>` +
    `<body data-url="${url}" data-token="${token}" data-session="${session}">` +
    `<script type="module" src="./${file}"></script></body>`;
  await page.route('**/program/**', async (route) => {
    const [, name = ''] = /\/program\/(.*)$/.exec(route.request().url()) ?? [];
    const [, module] = /^library\/(\w+)$/.exec(name) ?? [];
    const path = module === undefined ? join(folder.path, name) : join(LIBRARY, `${module}.js`);
    await (name === ''
      ? route.fulfill({ contentType: 'text/html', body: html })
      : route.fulfill({ contentType: 'text/javascript', body: await readFile(path) }));
  });
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(String(error)));
  await page.goto(`${url}/program/`);
  return {
    file,
    text: async () => {
      const shown = await page.evaluate<string>("document.body.textContent ?? ''");
      return shown + failures.join('');
    },
    ended: async () => null,
    close: () => context.close(),
  };
}
