import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionEvent } from '../../src/agent-webkit/engine/session-event.js';
import type { SqliteStorage } from '../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { itOnly } from '../support/needs.js';
import type { Program } from '../support/program.js';
import { drivers, hasNodeSqlite, SqliteBench } from './sqlite-bench.js';

let bench: SqliteBench;
beforeEach(async () => {
  bench = await SqliteBench.create();
});
afterEach(() => bench.close());

describe.each(drivers)('a server with a SQLite file, by %s', (driver) => {
  it('loses nothing that it acknowledged when it is killed, over and over', async () => {
    const sessionIds = Array.from({ length: 8 }, () => randomUUID()).sort();
    for (let round = 1; round <= 6; round += 1) {
      /* oxlint-disable no-await-in-loop -- one server after the other has the file */
      const server = await bench.start({ driver, sessionIds, isEndless: true });
      // Not at the same place in each round, and never where all is still.
      await heard(server, round * 211);
      await server.kill();

      const storage = await bench.open({ driver });
      await expectAll(storage, server);
      expect(await storage.records.unfinished(100, null)).toEqual(sessionIds);
      await storage.close();
      /* oxlint-enable no-await-in-loop */
    }
  });

  it('refuses a second server with a sentence, and lets it in when the first one was killed', async () => {
    const first = await bench.start({ driver, sessionIds: [randomUUID()], isEndless: true });
    await first.nextLine('opened');

    await expect(bench.open({ driver })).rejects.toThrow(
      `Another server has the database ${bench.file} open. One file serves one server`,
    );
    await first.kill();

    await bench.open({ driver });
  });

  it('makes the tables once when two servers start at the same time', async () => {
    const sessionIds = [randomUUID()];
    const settings = { driver, sessionIds, isEndless: true };
    const servers = [await bench.start(settings), await bench.start(settings)];
    const said = await Promise.all(
      servers.map((server) =>
        Promise.race([server.nextLine('opened'), server.nextLine('refused')]),
      ),
    );
    expect(said).toContain('opened');
    expect(said).toContainEqual(expect.stringContaining('refused Another server'));
    await servers[said.indexOf('opened')]?.nextLine(`${sessionIds[0]} 3`);
  });

  it('ends by itself when it has nothing to do, also without closing its storage', async () => {
    const sessionIds = [randomUUID()];
    const server = await bench.start({ driver, sessionIds });
    expect(await server.ended()).toBe(0);
    await server.kill();
    await expectAll(await bench.open({ driver }), server);
  });

  const onLinux = itOnly(hasPrlimit() ? null : 'Needs prlimit, of Linux.');
  onLinux(
    'refuses events while the disk takes none, and takes them again when it does',
    async () => {
      const sessionIds = [randomUUID(), randomUUID()];
      const server = await bench.start({ driver, sessionIds, isEndless: true });
      await heard(server, 20);
      const { size } = await stat(`${bench.file}-wal`);

      await limitFiles(server, String(size));
      expect(await server.nextLine('failed')).toBe('failed SqliteStorageError');
      await limitFiles(server, 'unlimited');
      await heard(server, acknowledged(server).length + 50);

      await server.kill();
      await expectAll(await bench.open({ driver }), server);
    },
  );
});

describe('a server without SQLite', () => {
  it('is told what to install', async () => {
    const server = await bench.start({ driver: 'libsql', sessionIds: [] }, { hasPackages: false });
    expect(await server.nextLine('refused')).toBe(
      'refused There is no SQLite on this server: libsql is not installed. ' +
        'Run Node 22.13 or later, or install it with: npm install libsql',
    );
  });

  const withoutNodeSqlite = itOnly(hasNodeSqlite ? 'Needs a Node without node:sqlite.' : null);
  withoutNodeSqlite('is told that its Node is too old', async () => {
    await expect(bench.open({ driver: 'node:sqlite' })).rejects.toThrow(
      `There is no SQLite on this server: Node ${process.version} has no node:sqlite.`,
    );
  });
});

const ACKNOWLEDGED = /^([-0-9a-f]{36}) (\d+)$/;

function acknowledged({ lines }: Program): string[] {
  return lines.filter((line) => ACKNOWLEDGED.test(line));
}

/** Resolves when that many events have been acknowledged. */
async function heard(server: Program, count: number): Promise<void> {
  while (acknowledged(server).length < count) {
    // oxlint-disable-next-line no-await-in-loop -- any line may be the last one that is needed
    await server.nextLine('');
  }
}

/** Every acknowledged event is there, with all before it, each as it was written. */
async function expectAll(storage: SqliteStorage, server: Program): Promise<void> {
  const last = new Map<string, number>();
  for (const line of acknowledged(server)) {
    const [, id = '', seq] = ACKNOWLEDGED.exec(line) ?? [];
    last.set(id, Number(seq));
  }
  expect(last.size).toBeGreaterThan(0);
  for (const [id, seq] of last) {
    // oxlint-disable-next-line no-await-in-loop -- the first one that is wrong is to be told
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

/** As a full disk does, but for one process: no file of it may grow beyond that. */
async function limitFiles({ pid }: Program, size: string): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${size}:unlimited`]);
}

function hasPrlimit(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    // Not on Linux.
    return false;
  }
}
