import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { describeNeeding } from './needs.js';

/** Debian's Chromium, or the browser that CHROMIUM names. */
const PATH = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `describe` for tests in a real browser. */
export const describeInChromium = describeNeeding(
  existsSync(PATH)
    ? null
    : `There is no Chromium at ${PATH}. Install it, or set CHROMIUM to the path of another browser.`,
);

/** Launches a browser with a new, empty profile. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: PATH, args: FLAGS });
}
