import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionEvent } from '../../src/agent-webkit/engine/session-event.js';
import type { SqliteStorage } from '../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { itOnly } from '../support/needs.js';
import type { Program } from '../support/program.js';
import { drivers, hasNodeSqlite, SqliteBench } from './sqlite-bench.js';

/** The time for thousands of writes to a slow disk, on a busy machine. */
const SLOW_DISK_MS = 120_000;

let bench: SqliteBench;
beforeEach(async () => {
  bench = await SqliteBench.create();
});
afterEach(() => bench.close());

describe.each(drivers)('a server with a SQLite file and the driver %s', (driver) => {
  it(
    'loses no acknowledged event when it is killed repeatedly',
    async () => {
      const sessionIds = Array.from({ length: 8 }, () => randomUUID()).sort();
      for (let round = 1; round <= 6; round += 1) {
        /* oxlint-disable no-await-in-loop -- the file has one server after the other */
        const server = await bench.start({ driver, sessionIds, isEndless: true });
        // At a different point in each round, and never while the server is idle.
        await heard(server, round * 211);
        // A session without an event is not unfinished yet.
        await heardOfAll(server, sessionIds);
        await server.kill();

        const storage = await bench.open({ driver });
        await expectAll(storage, server);
        expect(await storage.records.unfinished(100, null)).toEqual(sessionIds);
        await storage.close();
        /* oxlint-enable no-await-in-loop */
      }
    },
    SLOW_DISK_MS,
  );

  it(
    'loses no acknowledged event when the files beside its file are deleted repeatedly',
    async () => {
      const sessionIds = Array.from({ length: 4 }, () => randomUUID());
      const server = await bench.start({ driver, sessionIds, isEndless: true });
      await heardOfAll(server, sessionIds);
      for (const suffixes of [['-wal'], ['-shm'], ['-wal', '-shm'], ['-shm', '-wal']]) {
        /* oxlint-disable no-await-in-loop -- one deletion after the other */
        // While the database is being opened again, the file may not exist.
        for (const suffix of suffixes) await rm(`${bench.file}${suffix}`, { force: true });
        // Each session has one append in progress: these are acknowledged after the deletion.
        await heard(server, acknowledged(server).length + 2 * sessionIds.length);
        /* oxlint-enable no-await-in-loop */
      }
      await server.kill();
      await expectAll(await bench.open({ driver }), server);
    },
    SLOW_DISK_MS,
  );

  it('acknowledges no event after its file was deleted, and saves every earlier one', async () => {
    const sessionIds = Array.from({ length: 4 }, () => randomUUID());
    const server = await bench.start({ driver, sessionIds, isEndless: true });
    await heard(server, 60);
    await rm(bench.file);
    await server.nextLine('failed StorageFaultError');
    // Every session has a rejected append: none can follow.
    const count = acknowledged(server).length;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await server.nextLine('failed StorageFaultError');
    }
    expect(acknowledged(server).length).toBe(count);
    await server.kill();

    const saved = (await readdir(bench.folder)).find((name) => name.includes('.rescued-'));
    await expectAll(await bench.open({ driver, file: join(bench.folder, saved ?? '') }), server);
  });

  it('rejects a second server with a clear message until the first one is killed', async () => {
    const first = await bench.start({ driver, sessionIds: [randomUUID()], isEndless: true });
    await first.nextLine('opened');

    await expect(bench.open({ driver })).rejects.toThrow(
      `The database ${bench.file} is in use by another server. Stop the other server`,
    );
    await first.kill();

    await bench.open({ driver });
  });

  it('creates the tables once when two servers start at the same time', async () => {
    const sessionIds = [randomUUID()];
    const settings = { driver, sessionIds, isEndless: true };
    const servers = [await bench.start(settings), await bench.start(settings)];
    const said = await Promise.all(
      servers.map((server) =>
        Promise.race([server.nextLine('opened'), server.nextLine('refused')]),
      ),
    );
    expect(said).toContain('opened');
    expect(said).toContainEqual(expect.stringContaining('is in use by another server'));
    await servers[said.indexOf('opened')]?.nextLine(`${sessionIds[0]} 3`);
  });

  it('exits when it is idle, even if its storage is not closed', async () => {
    const sessionIds = [randomUUID()];
    const server = await bench.start({ driver, sessionIds });
    expect(await server.ended()).toBe(0);
    await server.kill();
    await expectAll(await bench.open({ driver }), server);
  });

  const onLinux = itOnly(hasPrlimit() ? null : 'Needs prlimit, which exists on Linux.');
  onLinux('rejects events while the disk is full, and accepts them again afterwards', async () => {
    const sessionIds = [randomUUID(), randomUUID()];
    const server = await bench.start({ driver, sessionIds, isEndless: true });
    await heard(server, 20);
    const { size } = await stat(`${bench.file}-wal`);

    await limitFiles(server, String(size));
    expect(await server.nextLine('failed')).toBe('failed StorageFaultError');
    await limitFiles(server, 'unlimited');
    await heard(server, acknowledged(server).length + 50);

    await server.kill();
    await expectAll(await bench.open({ driver }), server);
  });
});

describe('a server without SQLite', () => {
  it('names the package to install', async () => {
    const server = await bench.start({ driver: 'libsql', sessionIds: [] }, { hasPackages: false });
    expect(await server.nextLine('refused')).toBe(
      'refused No SQLite driver is available: the package libsql is not installed. ' +
        'Use Node 22.13 or later, or run `npm install libsql`.',
    );
  });

  const withoutNodeSqlite = itOnly(hasNodeSqlite ? 'Needs a Node without node:sqlite.' : null);
  withoutNodeSqlite('reports that its Node.js version has no SQLite', async () => {
    await expect(bench.open({ driver: 'node:sqlite' })).rejects.toThrow(
      `No SQLite driver is available: Node ${process.version} has no node:sqlite.`,
    );
  });
});

const ACKNOWLEDGED = /^([-0-9a-f]{36}) (\d+)$/;

function acknowledged({ lines }: Program): string[] {
  return lines.filter((line) => ACKNOWLEDGED.test(line));
}

/** Resolves when the given number of events has been acknowledged. */
async function heard(server: Program, count: number): Promise<void> {
  while (acknowledged(server).length < count) {
    // oxlint-disable-next-line no-await-in-loop -- any line may be the last required one
    await server.nextLine('');
  }
}

/** Resolves when an event of each session has been acknowledged. */
async function heardOfAll(server: Program, sessionIds: readonly string[]): Promise<void> {
  const isMissing = (id: string) => !server.lines.some((line) => line.startsWith(id));
  // oxlint-disable-next-line no-await-in-loop -- any line may be the last required one
  while (sessionIds.some(isMissing)) await server.nextLine('');
}

/** Asserts that every acknowledged event, and every earlier one, is stored unchanged. */
async function expectAll(storage: SqliteStorage, server: Program): Promise<void> {
  const last = new Map<string, number>();
  for (const line of acknowledged(server)) {
    const [, id = '', seq] = ACKNOWLEDGED.exec(line) ?? [];
    last.set(id, Number(seq));
  }
  expect(last.size).toBeGreaterThan(0);
  for (const [id, seq] of last) {
    // oxlint-disable-next-line no-await-in-loop -- the first wrong one is reported
    const events: SessionEvent[] = await storage.events.read(id, 0, 1_000_000);
    expect(events.length).toBeGreaterThanOrEqual(seq);
    expect(events.filter((event, index) => !isAsWritten(event, id, index + 1))).toEqual([]);
    // oxlint-disable-next-line no-await-in-loop -- as above
    expect(await storage.events.hasKey(id, `key ${seq}`)).toBe(true);
  }
}

function isAsWritten({ seq, data }: SessionEvent, id: string, place: number): boolean {
  const { sessionId, seq: written } = JSON.parse(data) as { sessionId: string; seq: number };
  return seq === place && written === place && sessionId === id;
}

/** Simulates a full disk for one process: none of its files can grow beyond the limit. */
async function limitFiles({ pid }: Program, size: string): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${size}:unlimited`]);
}

function hasPrlimit(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    // The platform is not Linux.
    return false;
  }
}
