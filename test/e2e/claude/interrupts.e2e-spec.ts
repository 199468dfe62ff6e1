import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

describe('An interrupt of the real agent', () => {
  let app: ClaudeApp;
  let tab: Tab;
  beforeAll(async () => {
    app = await ClaudeApp.start('express');
    tab = await app.open();
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  /** Sends a message, interrupts its turn once `reached`, and returns the names of the turn's events. */
  async function interrupted(
    content: string,
    reached: () => Promise<unknown> = async () => {},
  ): Promise<string[]> {
    const before = tab.events.length;
    const results = tab.all('result').length;
    await tab.session.send(content);
    await reached();
    await tab.session.interrupt();
    await tab.until(() => tab.all('result').length > results);
    return tab.names().slice(before);
  }

  it('ends the turn whenever it arrives, and never the next turn', async () => {
    for (const name of ['first', 'second', 'third', 'fourth', 'fifth']) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      expect(await interrupted(`hold ${name}`)).not.toContain('error');
      // oxlint-disable-next-line no-await-in-loop
      expect(await tab.turn(`after ${name}`)).toMatchObject({ subtype: 'success' });
      expect(tab.said().at(-1)).toBe(`heard after ${name}`);
    }
  });

  it('ends a compaction', async () => {
    await tab.turn('to be compacted');
    const names = await interrupted('/compact hold:compaction', () =>
      eventually(() => app.api.requests.some(({ text }) => text.includes('hold:compaction'))),
    );

    expect(names).not.toContain('error');
    expect(tab.all('compaction_end')).toMatchObject([{ outcome: 'cancelled' }]);
    expect(await tab.turn('after the compaction')).toMatchObject({ subtype: 'success' });
    app.release('compaction');
    expect(tab.said().at(-1)).toBe('heard after the compaction');
    expect(tab.names()).not.toContain('session_state'); // the same agent
  });
});

describe('An interrupt while an MCP server starts', () => {
  it('ends the turn at once, and its message never reaches the model', async () => {
    // The server starts, and fails, when it finds a file.
    const wait = `setInterval(() => require('node:fs').existsSync('go') && process.exit(), 20)`;
    const app = await ClaudeApp.start('express', {
      overrides: { mcpServers: { slow: { command: process.execPath, args: ['-e', wait] } } },
    });
    const tab = await app.open();
    await tab.session.send('withdrawn');
    await tab.next('turn_start');
    await tab.session.interrupt();
    const result = await tab.next('result');

    expect(result).toMatchObject({ subtype: 'error_during_execution', total_cost_usd: 0 });
    await tab.session.send('after it');
    await writeFile(join(app.folder(tab.id), 'go'), '');
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(tab.said()).toEqual(['heard after it']);
    expect(tab.names()).not.toContain('error');
    expect(app.asked('withdrawn')).toEqual([]);
    expect(await app.close()).toEqual([]);
  });
});
