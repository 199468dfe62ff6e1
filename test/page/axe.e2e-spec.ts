import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import type { Browser } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { Standalone } from './standalone.js';
import { Viewer } from './viewer.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Returns what axe finds serious or critical on the page as it is now, with the first place of each. */
async function findSerious({ tab }: Viewer): Promise<string[]> {
  await tab.evaluate(AXE);
  const { violations, passes } = await tab.evaluate<AxeResults>('axe.run()');
  expect(passes.length).toBeGreaterThan(10);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
}

/** Stops the turn that waits for an answer, if there is one. */
async function endTurn(ann: Viewer): Promise<void> {
  if ((await ann.card.count()) === 0) return;
  await ann.button('Stop').click();
  await ann.seesNo(ann.card);
  await ann.seesNo(ann.button('Stop'));
}

/** The steps of a user that bring the page into a state. */
const STATES: readonly (readonly [string, (ann: Viewer) => Promise<void>])[] = [
  ['the form of a new session', (ann) => ann.button('New session').first().click()],
  [
    'a session without messages',
    async (ann) => {
      await ann.button('Start session').click();
      await ann.sees(ann.tab.locator('.pill[data-connection=open]'));
    },
  ],
  [
    'a running turn with a queued message',
    async (ann) => {
      await ann.say('long');
      await ann.seesText(/I am counting slowly/);
      await ann.say('code');
      await ann.sees(ann.button('Withdraw'));
    },
  ],
  [
    'an answer with code, after an interrupt',
    async (ann) => {
      await ann.button('Stop').click();
      await ann.sees(ann.conversation.locator('pre'));
    },
  ],
  [
    'a replaced message',
    async (ann) => {
      await ann.button('Retry').last().click();
      await ann.sees(ann.conversation.locator('.replaced'));
      await ann.sees(ann.button('Retry'));
    },
  ],
  ...(['permission', 'question', 'plan', 'edit'] as const).map(
    (word) =>
      [
        `an open request: ${word}`,
        async (ann: Viewer) => {
          await endTurn(ann);
          await ann.say(word);
          await ann.sees(ann.card);
        },
      ] as const,
  ),
  [
    'a component',
    async (ann) => {
      await endTurn(ann);
      await ann.say('card');
      await ann.sees(ann.conversation.getByRole('region', { name: 'Weather card' }));
      await endTurn(ann);
    },
  ],
  [
    'the members of the session',
    async (ann) => {
      await endTurn(ann);
      await ann.button(/^Share/).click();
      await ann.tab.getByLabel('Name of the user').fill('ben');
      await ann.button('Add').click();
      await ann.sees(ann.button('Remove ben'));
    },
  ],
  [
    'the list of shortcuts',
    async (ann) => {
      if (await ann.button('Close').isVisible()) await ann.button('Close').click();
      await ann.conversation.focus();
      await ann.tab.keyboard.press('?');
      await ann.sees(ann.tab.getByRole('dialog'));
    },
  ],
];

describeInChromium('what axe finds on the page in Chromium', () => {
  let browser: Browser;
  let server: Standalone;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchChromium(), Standalone.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 390],
    ['dark', 390],
  ] as const)(
    'is nothing serious in any state, %s at %d pixels',
    async (colorScheme, width) => {
      const ann = await Viewer.open(browser, server.link, width);
      try {
        await ann.tab.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await ann.sees(ann.button('New session'));
        const found: Record<string, string[]> = {};
        for (const [state, bring] of [['at first', async () => undefined] as const, ...STATES]) {
          /* oxlint-disable no-await-in-loop -- one state after the other */
          await bring(ann);
          const serious = await findSerious(ann);
          if (serious.length > 0) found[state] = serious;
          /* oxlint-enable no-await-in-loop */
        }
        expect(found).toEqual({});
      } finally {
        await ann.close();
      }
    },
    120_000,
  );
});
