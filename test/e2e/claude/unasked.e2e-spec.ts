import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

/** The outcome of a tool call: it ran without a request, a client was asked, or it was denied. */
type Outcome = 'ran' | 'asked' | 'denied';

const USES = [
  'ls',
  'ps axww',
  'env',
  'echo x > made.txt',
  'read inside',
  'read outside',
  'write',
] as const;

/** The table in `docs/security.md`. */
const TABLE: [mode: string, outcomes: Record<(typeof USES)[number], Outcome>][] = [
  [
    'default',
    {
      ls: 'ran',
      'ps axww': 'asked',
      env: 'asked',
      'echo x > made.txt': 'asked',
      'read inside': 'ran',
      'read outside': 'asked',
      write: 'asked',
    },
  ],
  [
    'acceptEdits',
    {
      ls: 'ran',
      'ps axww': 'asked',
      env: 'asked',
      'echo x > made.txt': 'ran',
      'read inside': 'ran',
      'read outside': 'asked',
      write: 'ran',
    },
  ],
  [
    'plan',
    {
      ls: 'ran',
      'ps axww': 'asked',
      env: 'denied',
      'echo x > made.txt': 'denied',
      'read inside': 'ran',
      'read outside': 'ran',
      write: 'asked',
    },
  ],
  [
    'auto',
    {
      ls: 'ran',
      'ps axww': 'asked',
      env: 'denied',
      'echo x > made.txt': 'ran',
      'read inside': 'ran',
      'read outside': 'ran',
      write: 'ran',
    },
  ],
  [
    'dontAsk',
    {
      ls: 'ran',
      'ps axww': 'denied',
      env: 'denied',
      'echo x > made.txt': 'denied',
      'read inside': 'ran',
      'read outside': 'denied',
      write: 'denied',
    },
  ],
];

describe('The real agent', () => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', { workspace: { per: 'shared' } });
    await writeFile(join(app.cwd, 'in.txt'), 'inside');
  });
  afterAll(() => app.close());

  /** Returns the message upon which the model calls the tool. */
  const messageOf = (use: (typeof USES)[number]): string => {
    const inside = join(app.cwd, 'in.txt');
    if (use === 'read inside') return `use Read ${JSON.stringify({ file_path: inside })}`;
    if (use === 'read outside') return 'use Read {"file_path":"/usr/lib/os-release"}';
    if (use !== 'write') return `bash ${use}`;
    const input = { file_path: join(app.cwd, 'written.txt'), content: 'x' };
    return `use Write ${JSON.stringify(input)}`;
  };

  const outcomeOf = async (tab: Tab, use: (typeof USES)[number]): Promise<Outcome> => {
    const from = tab.events.length;
    const find = (name: string) => tab.events.slice(from).find(({ event }) => event === name);
    await tab.session.send(messageOf(use));
    await tab.until(() => Boolean(find('permission_request') ?? find('result')));
    const request = find('permission_request');
    if (request) {
      const { correlation_id } = request.data;
      await app.server.input(tab.id, {
        type: 'permission_response',
        correlation_id,
        behavior: 'deny',
      });
      await tab.until(() => Boolean(find('result')));
      return 'asked';
    }
    return find('tool_result')?.data['is_error'] === true ? 'denied' : 'ran';
  };

  it.each(TABLE)(
    'asks in the mode %s for the tools that the table names',
    async (mode, outcomes) => {
      const tab = await app.open({ permission_mode: mode });
      const seen: Partial<Record<string, Outcome>> = {};
      // oxlint-disable-next-line no-await-in-loop -- a conversation has one turn at a time
      for (const use of USES) seen[use] = await outcomeOf(tab, use);
      expect(seen).toEqual(outcomes);
    },
  );
});
