import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StorageProvider } from '../../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { SqliteStorage } from '../../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

/** A storage without transcripts: the agent resumes a conversation from its own files. */
class WithoutTranscripts extends MemoryStorage {
  override readonly transcripts = undefined as unknown as MemoryStorage['transcripts'];
}

describe.each<[string, (file: string) => StorageProvider]>([
  ['SQLite', (file) => new SqliteStorage({ file })],
  ['the files of the agent', () => new WithoutTranscripts()],
])('A conversation that is cleared, resumed from %s', (_name, createStorage) => {
  let app: ClaudeApp;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-webkit-'));
    app = await ClaudeApp.start('express', {
      storage: createStorage(join(folder, 'sessions.db')),
      timeouts: { idleTimeoutMs: 100 },
      // Small, so that the clearing is evicted from the log.
      retention: { maxEvents: 10 },
      overrides: { settingSources: [] },
    });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });

  /** Closes the tab, and resolves to another one when the agent has been stopped. */
  const sleep = async (tab: Tab): Promise<Tab> => {
    const { id, lastId } = tab;
    tab.session.detach();
    await app.reaches(id, 'dormant');
    return app.attach(id, lastId);
  };

  it('is announced, and is not remembered by a resumed agent', async () => {
    const first = await app.open();
    await first.turn('the old secret');
    await first.turn('/clear');
    const { conversation_id: conversation } = await first.next('conversation_reset');
    expect(conversation).not.toBe(first.id);
    await first.turn('one');
    await first.turn('recall');
    expect(first.said().at(-1)).toBe('one | recall');

    const second = await sleep(first);
    await second.turn('recall');
    expect(second.said().at(-1)).toBe('one | recall | recall');
    await second.turn('/clear');
    await second.turn('/clear');

    // The last conversation has no message yet.
    const third = await sleep(second);
    for (const text of ['two', 'three', 'four', 'five']) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after another
      await third.turn(text);
    }
    // The log no longer has the events of the clearing.
    expect(Number((await app.server.info(first.id))['first_id'])).toBeGreaterThan(second.lastId);

    const fourth = await sleep(third);
    await fourth.turn('recall');
    expect(fourth.said()).toEqual(['two | three | four | five | recall']);
    await fourth.session.close();
  });

  it('can be cleared by its first message', async () => {
    const first = await app.open();
    await first.turn('/clear');
    const second = await sleep(first);
    await second.turn('after');
    const third = await sleep(second);
    await third.turn('recall');
    expect(third.said()).toEqual(['after | recall']);
    await third.session.close();
  });
});
