import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest, test } from '@jest/globals';
import { storageConformance } from '../../src/agent-webkit/storage/conformance.js';
import {
  append,
  createSession,
  sampleEvents,
  storedSeqs,
} from '../../src/agent-webkit/storage/conformance/fixtures.js';
import { SqliteStorage } from '../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { describeOnly, itOnly } from '../support/needs.js';
import { eventually } from '../support/eventually.js';
import { hasNodeSqlite, SqliteBench } from './sqlite-bench.js';

const withoutNodeSqlite = hasNodeSqlite
  ? null
  : `Node ${process.version} has no node:sqlite, unlike 22.13 and later.`;

describe.each([
  ['libsql', describe],
  ['node:sqlite', describeOnly(withoutNodeSqlite)],
] as const)('SqliteStorage with the driver %s', (driver, describeDriver) => {
  const cases = storageConformance(async () => {
    const bench = await SqliteBench.create();
    let provider = await bench.open({ driver });
    return {
      provider,
      reopen: async () => {
        await provider.close();
        provider = await bench.open({ driver });
        return provider;
      },
      close: () => bench.close(),
    };
  });
  describeDriver('as any storage', () => {
    test.each(cases)('$name', ({ run }) => run());
  });
});

describe('SqliteStorage', () => {
  let bench: SqliteBench;
  beforeEach(async () => {
    bench = await SqliteBench.create();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await bench.close();
  });

  const withBothDrivers = itOnly(withoutNodeSqlite);
  withBothDrivers('reads by one driver what another one wrote', async () => {
    const first = await bench.open({ driver: 'libsql' });
    const id = await createSession(first);
    await append(first, id, sampleEvents(1, 3));
    await first.close();
    const second = await bench.open({ driver: 'node:sqlite' });
    await append(second, id, sampleEvents(4, 1));
    await second.close();
    expect(await storedSeqs(await bench.open({ driver: 'libsql' }), id)).toEqual([1, 2, 3, 4]);
  });

  it('forgets a key after 24 hours', async () => {
    const storage = await bench.open();
    const id = await createSession(storage);
    const start = Date.now();
    await append(storage, id, sampleEvents(1, 1), { keys: ['key'] });
    const now = jest.spyOn(Date, 'now');
    now.mockReturnValue(start + 24 * 60 * 60 * 1000 - 1000);
    await storage.events.trim(id, 1, []);
    expect(await storage.events.hasKey(id, 'key')).toBe(true);
    now.mockReturnValue(start + 24 * 60 * 60 * 1000 + 60_000);
    expect(await storage.events.hasKey(id, 'key')).toBe(false);
    await storage.events.trim(id, 1, []);
    now.mockReturnValue(start);
    expect(await storage.events.hasKey(id, 'key')).toBe(false);
  });

  it('creates the folder of its file, whatever its name', async () => {
    const file = join(bench.folder, 'a %20 #? é', 'b', 'sessions.db');
    await keepSession({ file });
    const storage = await bench.open({ file });
    expect(await storage.records.count('alice')).toBe(1);
  });

  it('separates the data of different prefixes in one file', async () => {
    await keepSession({ tablePrefix: 'a_' });
    const other = await bench.open({ tablePrefix: 'b_' });
    expect(await other.records.count('alice')).toBe(0);
    await other.close();
    const again = await bench.open({ tablePrefix: 'a_' });
    expect(await again.records.count('alice')).toBe(1);
  });

  it('rejects a second storage on its file, also through a link, until it is closed', async () => {
    const storage = await bench.open();
    const link = join(bench.folder, 'link.db');
    await symlink(bench.file, link);
    await expect(bench.open()).rejects.toThrow('is in use by another server');
    await expect(bench.open({ file: link })).rejects.toThrow('is in use by another server');
    await storage.close();
    await bench.open({ file: link });
  });

  it('opens its file after the obstacle is removed', async () => {
    await mkdir(bench.file);
    const storage = new SqliteStorage({ file: bench.file });
    await expect(storage.open()).rejects.toMatchObject({ name: 'SqliteStorageError' });
    await rm(bench.file, { recursive: true });
    const open = () =>
      storage.open().then(
        () => true,
        () => false,
      );
    expect(await eventually(open)).toBe(true);
    await storage.close();
  });

  it('completes pending requests before it closes', async () => {
    const storage = await bench.open();
    const id = await createSession(storage);
    const asked = [append(storage, id, sampleEvents(1, 20))];
    // After the first group is collected and before any response: the next appends wait for it.
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    asked.push(append(storage, id, sampleEvents(21, 10)));
    await storage.close();
    await expect(Promise.all(asked)).resolves.toHaveLength(2);
    await expect(storage.records.get(id)).rejects.toThrow('The database is closed.');
    expect((await storedSeqs(await bench.open(), id)).at(-1)).toBe(30);
  });

  it('completes pending requests of its transcripts before it closes', async () => {
    const storage = await bench.open();
    const id = await createSession(storage);
    const transcript = { projectKey: 'p', sessionId: id };
    const asked = ['a', 'b', 'c'].map((uuid) =>
      storage.transcripts.append(transcript, [{ type: 'user', uuid }]),
    );
    await storage.close();
    await Promise.all(asked);
    expect(await (await bench.open()).transcripts.load(transcript)).toHaveLength(3);
  });

  it('works after a failed statement', async () => {
    const storage = await bench.open();
    const id = await createSession(storage);
    await expect(createSession(storage, { id })).rejects.toMatchObject({
      name: 'UnstorableError',
      message: expect.stringContaining('UNIQUE constraint failed'),
    });
    await append(storage, id, sampleEvents(1, 1));
    expect(await storedSeqs(storage, id)).toEqual([1]);
  });

  it('can be closed without having been opened', async () => {
    const storage = new SqliteStorage({ file: bench.file });
    await storage.close();
    await storage.close();
  });

  it.each([
    [{ file: '' }, '`file` must be the path of a file, but got "".'],
    [{ file: ':memory:' }, '`file` must be the path of a file, but got ":memory:".'],
    [{ tablePrefix: 'a-b' }, /`tablePrefix` must .* got "a-b"/],
    [{ tablePrefix: 'sqlite_' }, /`tablePrefix` must .* got "sqlite_"/],
  ])('rejects the options %j', (options, message) => {
    expect(() => new SqliteStorage({ file: bench.file, ...options })).toThrow(message);
  });

  /** Stores one session and closes the storage. */
  async function keepSession(options: Parameters<SqliteBench['open']>[0]): Promise<void> {
    const storage = await bench.open(options);
    await createSession(storage);
    await storage.close();
  }
});
