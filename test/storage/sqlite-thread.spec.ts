import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import * as threads from 'node:worker_threads';
import { until } from '../support/until.js';

const workers: threads.Worker[] = [];

/** Node's own, except that the tests see it. */
class SeenWorker extends threads.Worker {
  constructor(...args: ConstructorParameters<typeof threads.Worker>) {
    super(...args);
    workers.push(this);
  }
}
jest.unstable_mockModule('node:worker_threads', () => ({ ...threads, Worker: SeenWorker }));
const { SqliteBench } = await import('./sqlite-bench.js');
const { SqliteStorage } = await import('../../src/agent-webkit/storage/sqlite/sqlite-storage.js');
const { append, createSession, isFenced, sampleEvents, storedSeqs } =
  await import('../../src/agent-webkit/storage/conformance/fixtures.js');

describe("a SQLite storage's thread", () => {
  let bench: Awaited<ReturnType<typeof SqliteBench.create>>;
  beforeEach(async () => {
    workers.length = 0;
    bench = await SqliteBench.create();
  });
  afterEach(() => bench.close());

  it('is started by the first request, and gone after the close', async () => {
    const storage = await bench.open();
    await createSession(storage);
    expect(workers).toHaveLength(1);
    expect(workers[0]?.threadId).toBeGreaterThan(0);
    await storage.close();
    // What Node says of a thread that is no more.
    expect(workers[0]?.threadId).toBe(-1);
  });

  it('is replaced when it died, and nothing that was acknowledged is lost', async () => {
    const storage = await bench.open();
    const id = await createSession(storage);
    await append(storage, id, sampleEvents(1, 3), { isUnfinished: true });

    await workers[0]?.terminate();

    const repeated = () =>
      append(storage, id, sampleEvents(4, 1)).then(
        () => 'done',
        (error: unknown) => (isFenced(error) ? 'fenced' : 'rejected'),
      );
    await until(repeated, (outcome) => outcome === 'done');
    expect(workers).toHaveLength(2);
    expect(await storedSeqs(storage, id)).toEqual([1, 2, 3, 4]);
    expect(await storage.records.unfinished(10, null)).toEqual([]);
  });

  it('rejects what it had to do when it dies', async () => {
    const storage = await bench.open();
    const id = await createSession(storage);
    const asked = [
      append(storage, id, sampleEvents(1, 1)),
      storage.records.get(id),
      storage.transcripts.append({ projectKey: 'p', sessionId: id }, [{ type: 'user' }]),
      storage.events.read(id, 0, 1),
    ];
    const settled = Promise.allSettled(asked);
    await workers[0]?.terminate();
    const outcomes = await settled;
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toMatchObject({ name: 'SqliteStorageError' });
    }
    await storage.close();
  });

  it('is not started over and over when it cannot begin', async () => {
    await mkdir(bench.file);
    const storage = new SqliteStorage({ file: bench.file });
    const refuse = () => storage.open().catch((error: unknown) => error);
    const first = await refuse();
    expect(first).toMatchObject({ name: 'SqliteStorageError' });
    const again = await Promise.all(Array.from({ length: 100 }, refuse));
    expect(new Set(again)).toEqual(new Set([first]));
    expect(workers).toHaveLength(1);
  });
});
