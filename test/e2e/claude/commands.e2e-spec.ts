import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';

/** A command of the host, which a session may use because the option names it. */
const NOTE = '---\ndescription: note\n---\nheed $ARGUMENTS';

describe.each(ADAPTERS)('The text of a user message on %s', (adapter) => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter, {
      workspace: { per: 'shared' },
      agent: { models: ['claude-sonnet-5'], commands: ['clear', 'cost', 'note'] },
      overrides: { settingSources: ['project'], allowedTools: ['Skill'] },
    });
    await mkdir(join(app.cwd, '.claude', 'commands'), { recursive: true });
    await writeFile(join(app.cwd, '.claude', 'commands', 'note.md'), NOTE);
    await writeFile(join(dirname(app.cwd), 'outside.txt'), 'the word is xylophone');
    await symlink(join(dirname(app.cwd), 'outside.txt'), join(app.cwd, 'link.txt'));
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('runs a permitted slash command', async () => {
    const tab = await app.open();
    await tab.turn('first words');
    await tab.turn('/cost');
    expect(tab.said().at(-1)).toContain('Estimated cost');
    await tab.turn('/clear');
    await tab.turn([{ type: 'text', text: '/note this' }]);
    const [request] = app.asked('heed this');
    expect(JSON.stringify(request?.messages)).not.toContain('first words');
    await tab.session.close();
  });

  it('is rejected where it is another slash command, and nothing is changed', async () => {
    const tab = await app.open();
    await tab.turn('before');
    const { lastId } = tab;
    const rejected = { status: 403 };
    for (const content of [
      '/model claude-opus-5',
      '/config theme=light',
      [
        { type: 'text' as const, text: 'look' },
        { type: 'text' as const, text: '/config theme=light' },
      ],
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another, in one session
      await expect(tab.session.send(content)).rejects.toMatchObject(rejected);
    }
    await tab.turn('after');
    expect(app.asked('after').map(({ model }) => model)).toEqual([app.asked('before')[0]?.model]);
    expect(tab.ids()[tab.ids().indexOf(lastId) + 1]).toBe(lastId + 1);
    expect(tab.all('user_message')).toHaveLength(2);
    expect(await readdir(app.home)).not.toContain('settings.json');
    await tab.session.close();
  });

  it('is no command where it only looks like one, and reads no file that it names', async () => {
    const tab = await app.open();
    const outside = join(dirname(app.cwd), 'outside.txt');
    const texts = [
      `/etc/hosts and @${outside}`,
      ` /model claude-opus-5`,
      'see @link.txt and @../outside.txt',
      `@"${outside}"`,
    ];
    const skill = { skill: 'note', args: `@${outside}` };
    for (const text of texts) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after another
      await tab.turn(text);
    }
    expect(tab.said()).toEqual(texts.map((text) => `heard ${text.trim()}`));
    await tab.turn(`use Skill ${JSON.stringify(skill)}`);
    expect(app.asked(`heed @${outside}`)).not.toEqual([]);
    expect(JSON.stringify(app.api.requests)).not.toContain('xylophone');
    await expect(tab.session.send(`/note @${outside}`)).rejects.toMatchObject({ status: 403 });
    await tab.session.close();
  });
});
