import { existsSync } from 'node:fs';
import { describe } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';

/** Debian's. Another one is named by CHROMIUM. */
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

/** Tests in a real browser. Where there is none they are skipped, and said to be; in CI they fail. */
export function describeInChromium(title: string, tests: () => void): void {
  if (existsSync(PATH) || process.env['CI']) {
    describe(title, tests);
    return;
  }
  console.warn(`Skipped: ${title}. There is no browser at ${PATH}; CHROMIUM may name another one.`);
  describe.skip(title, tests);
}

/** A browser with a new, empty profile. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: PATH, args: FLAGS });
}
