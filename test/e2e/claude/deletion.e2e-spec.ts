import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
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

const TOOLS = [
  'bash echo xylophone; seq 1 40000',
  `use Write ${JSON.stringify({ file_path: 'FOLDER/note.txt', content: 'xylophone' })}`,
  `use Write ${JSON.stringify({ file_path: 'FOLDER/note.txt', content: 'xylophone again' })}`,
  'delegate the xylophone',
];

describe.each<[string, (file: string) => StorageProvider]>([
  ['SQLite', (file) => new SqliteStorage({ file })],
  ['a storage without transcripts', () => new WithoutTranscripts()],
])('A deletion with %s', (_name, createStorage) => {
  let app: ClaudeApp;
  let root: string;
  let temp: string;
  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'agent-webkit-')));
    temp = join(root, 'temp');
    await mkdir(temp);
    const storage = createStorage(join(root, 'sessions.db'));
    app = await ClaudeApp.start('express', {
      storage,
      timeouts: { idleTimeoutMs: 100 },
      overrides: {
        env: { TMPDIR: temp },
        // The SDK does not have it together with a store of transcripts.
        enableFileCheckpointing: storage.transcripts === undefined,
        allowedTools: ['Bash', 'Write', 'Agent'],
      },
    });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
    await rm(root, { recursive: true, force: true });
  });
  const traces = async (...words: string[]) =>
    (await Promise.all([app.home, app.cwd, temp].map((folder) => find(folder, words)))).flat();
  const sleep = async ({ id, lastId, session }: Tab): Promise<Tab> => {
    session.detach();
    await app.reaches(id, 'dormant');
    return app.attach(id, lastId);
  };

  it('removes everything that the agent wrote for the session, and nothing of another one', async () => {
    const other = await app.open();
    await other.turn('the marimba');
    const tab = await app.open();
    for (const text of [...TOOLS, '/clear', 'the xylophone']) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after another
      await tab.turn(text.replaceAll('FOLDER', app.folder(tab.id)));
    }
    const { conversation_id: later } = await tab.next('conversation_reset');
    const words = ['xylophone', tab.id, String(later)];
    expect(await traces(...words)).not.toEqual([]);
    const dormant = await sleep(tab);
    // A link that the agent could have planted.
    const elsewhere = join(root, 'elsewhere');
    await mkdir(join(elsewhere, tab.id), { recursive: true });
    await writeFile(join(elsewhere, `${tab.id}.jsonl`), '');
    const home = app.homeOf(tab.id);
    await mkdir(join(home, 'projects'), { recursive: true });
    const links = [join(home, 'projects'), home, app.folder(tab.id)];
    await Promise.all(links.map((folder) => symlink(elsewhere, join(folder, 'link'))));

    await dormant.session.close();
    expect(await traces(...words)).toEqual([]);
    expect((await readdir(elsewhere)).sort()).toEqual([tab.id, `${tab.id}.jsonl`]);

    const woken = await sleep(other);
    await woken.turn('recall');
    expect(woken.said()).toEqual(['the marimba | recall']);
    await woken.session.close();
    expect(await traces('marimba', other.id)).toEqual([]);
  });
});

/** Returns the paths whose name or content has one of these words. Links are not followed. */
async function find(folder: string, words: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const content = entry.isFile() ? await readFile(path, 'utf8') : '';
      return words.some((word) => entry.name.includes(word) || content.includes(word))
        ? [path]
        : [];
    }),
  );
  return found.flat();
}
