import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { Standalone } from './standalone.js';
import { Viewer } from './viewer.js';

const members = (viewer: Viewer) => viewer.tab.getByRole('dialog', { name: 'Members' });
const field = (viewer: Viewer) => viewer.tab.getByLabel('Message', { exact: true });

describeInChromium('a shared session in Chromium', () => {
  let browser: Browser;
  let server: Standalone;
  let ann: Viewer;
  let ben: Viewer;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  beforeEach(async () => {
    server = await Standalone.start();
    ann = await Viewer.open(browser, server.link);
    ben = await Viewer.open(browser, server.otherLink);
  });
  afterEach(async () => {
    await ann.close();
    await ben.close();
    await server.close();
  });
  afterAll(() => browser?.close());

  const share = async (id: string, role: string) => {
    await ann.button(/^Share/).click();
    await members(ann).getByLabel('Name of the user').fill(id);
    await members(ann).getByLabel('Role', { exact: true }).selectOption(role);
    await ann.button('Add').click();
    await ann.sees(members(ann).getByLabel(`Role of ${id}`));
    await ann.button('Close').click();
  };
  const changeRole = async (id: string, role: string) => {
    await ann.button(/^Share/).click();
    await members(ann).getByLabel(`Role of ${id}`).selectOption(role);
    await ann.button('Close').click();
  };

  it('is in the list of the other user, who may do what the role permits, from the moment it does', async () => {
    await ann.startSession();
    await ann.say('permission');
    await ann.sees(ann.card);
    await share('ben', 'viewer');

    // A viewer reads.
    const row = ben.tab.locator('.session', { hasText: 'permission' });
    await ben.sees(row.getByText('ann'));
    await row.click();
    await ben.seesText('permission');
    await ben.sees(ben.tab.getByText('You can read this session.'));
    await ben.sees(ben.card.getByText('Only the owner and its approvers can answer.'));
    for (const locator of [
      field(ben),
      ben.button(/^Allow/),
      ben.button('Stop'),
      ben.button(/^Share/),
    ]) {
      expect(await locator.count()).toBe(0); // oxlint-disable-line no-await-in-loop -- each
    }
    expect(await ben.tab.locator('.mode select').isDisabled()).toBe(true);

    // A contributor writes, but does not answer.
    await changeRole('ben', 'contributor');
    await ben.sees(field(ben));
    await ben.say('from ben');
    await ann.sees(ann.tab.getByText('from ben'));
    expect(await ben.button(/^Allow/).count()).toBe(0);

    // An approver answers.
    await changeRole('ben', 'approver');
    await ben.button(/^Allow/).click();
    await ben.seesNo(ben.card);
    await ann.seesNo(ann.card);

    // Every member sees who the members are, and only the owner changes that.
    await ben.button(/^Members/).click();
    await ben.sees(members(ben).getByText('ann'));
    await ben.sees(members(ben).getByText('approver'));
    expect(await members(ben).getByRole('combobox').count()).toBe(0);
    await ben.button('Close').click();

    await ann.button(/^Share/).click();
    await ann.button('Remove ben').click();
    await ann.sees(members(ann).getByText('Only you can see this session.'));
    await ben.sees(ben.tab.getByRole('alert'));
    await ben.seesNo(row);
    expect(await field(ben).count()).toBe(0);
  });

  it('names its roles, and says why a member cannot be added', async () => {
    await ann.startSession();
    await ann.button(/^Share/).click();
    await members(ann).getByLabel('Name of the user').fill('ann');
    await ann.button('Add').click();
    await ann.sees(members(ann).getByRole('alert'));
    expect(await members(ann).getByLabel('Role of ann').count()).toBe(0);
    await members(ann).getByLabel('Name of the user').fill('ben');
    await ann.button('Add').click();
    await ann.sees(members(ann).getByLabel('Role of ben'));
    expect(await members(ann).getByLabel('Role of ben').inputValue()).toBe('viewer');
    expect(await members(ann).getByLabel('Name of the user').inputValue()).toBe('');
  });

  it('does not overwrite the change of another tab: it shows that, and says so', async () => {
    await ann.startSession();
    const id = /[0-9a-f-]{36}/.exec(ann.tab.url())?.[0] ?? '';
    const setMembers = async (...set: object[]) => {
      const response = await fetch(`${server.url}/sessions/${id}/members`, {
        method: 'PUT',
        headers: {
          authorization: `Bearer ${server.token}`,
          'content-type': 'application/json',
          connection: 'close',
        },
        body: JSON.stringify({ members: set }),
      });
      expect(response.status).toBe(200);
    };
    await share('ben', 'viewer');

    // Another tab makes this one an approver, after this tab has read the members.
    await ann.tab.route(
      '**/members',
      async (route) => {
        await setMembers({ id: 'ben', role: 'approver' });
        await route.continue();
      },
      { times: 1 },
    );
    await ann.button(/^Share/).click();
    await members(ann).getByLabel('Name of the user').fill('eve');
    await ann.button('Add').click();
    await ann.sees(members(ann).getByRole('alert').getByText('changed meanwhile'));
    expect(await members(ann).getByLabel('Role of ben').inputValue()).toBe('approver');
    expect(await members(ann).getByLabel('Role of eve').count()).toBe(0);

    // What was typed is still there.
    await ann.button('Add').click();
    await ann.sees(members(ann).getByLabel('Role of eve'));
    expect(await members(ann).getByRole('alert').count()).toBe(0);
    expect(await members(ann).getByLabel('Role of ben').inputValue()).toBe('approver');
  });

  it('offers for a new session only the modes that the host permits', async () => {
    await ann.tab.route('**/capabilities', (route) =>
      route.fulfill({
        json: {
          permission_modes: ['default', 'plan'],
          model: 'small',
          models: ['small', 'large'],
          effort_levels: ['low'],
        },
      }),
    );
    await ann.tab.reload();
    await ann.button('New session').first().click();
    const dialog = ann.tab.getByRole('dialog', { name: 'New session' });
    const labels = (name: string) => dialog.getByLabel(name).locator('option').allInnerTexts();
    await dialog.getByLabel('Model').locator('option').last().waitFor({ state: 'attached' });
    expect(await labels('Model')).toEqual(['Server default (small)', 'small', 'large']);
    expect(await labels('Permission mode')).toEqual([
      'Server default (Ask me)',
      'Ask me',
      'Plan only',
    ]);
  });
});
