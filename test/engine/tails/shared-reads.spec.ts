import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Session } from '../../../src/agent-webkit/engine/session/session.js';
import { type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { assistant, init, result, text } from '../../support/sdk-messages.js';
import { ADA, BOB } from '../../support/registry-bench.js';
import { settle, user } from '../../support/session-bench.js';

let bench: ClusterBench;

afterEach(async () => {
  jest.useRealTimers();
  await bench.close();
});

/** Two servers, and a session that the first one runs. */
async function twoServers(): Promise<{ a: BenchServer; b: BenchServer; session: Session }> {
  bench = new ClusterBench(60_000);
  const [a, b] = (await bench.startAll(2)) as [BenchServer, BenchServer];
  const session = await a.registry.create({}, ADA);
  await settle();
  return { a, b, session };
}

const all = { limit: 100 } as const;
const page = async ({ registry }: BenchServer, id: string) =>
  (await registry.subscriptions.at(id, ADA, 0)).read(0, all.limit);

describe('a session of another server', () => {
  it('is read without being taken over', async () => {
    const { a, b, session } = await twoServers();
    await a.registry.send(session.id, user('hello'), ADA);
    const { epoch } = session;
    expect(await page(b, session.id)).toEqual(await page(a, session.id));
    expect(await b.registry.info(session.id, ADA)).toEqual(await a.registry.info(session.id, ADA));
    expect(await b.registry.list(ADA, 10, null)).toEqual(await a.registry.list(ADA, 10, null));
    expect(b.storage.calls).not.toContain('records.claim');
    expect((await b.storage.records.get(session.id))?.epoch).toBe(epoch);
    expect(session.endReason).toBeNull();
  });

  it('has every event that was stored before it is read', async () => {
    const { a, b, session } = await twoServers();
    await page(b, session.id);
    for (const content of ['one', 'two', 'three']) {
      await a.registry.send(session.id, user(content), ADA);
      expect(await page(b, session.id)).toEqual(await page(a, session.id));
    }
  });

  it('is not found by a caller who may not read it', async () => {
    const { b, session } = await twoServers();
    await expect(b.registry.subscriptions.at(session.id, BOB, 0)).rejects.toMatchObject({
      code: 'session_not_found',
    });
    await expect(b.registry.info(session.id, BOB)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  it('is not found once it is deleted', async () => {
    const { a, b, session } = await twoServers();
    await page(b, session.id);
    await a.registry.delete(session.id, ADA);
    await expect(b.registry.subscriptions.at(session.id, ADA, 0)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  it('is described with its state, its requests and its tasks, and without reading its events', async () => {
    const { a, b, session } = await twoServers();
    await a.registry.send(session.id, user('go'), ADA);
    const agent = await eventually(() => a.agents[0], Boolean);
    void agent?.ask('Bash', { command: 'ls' }, { toolUseID: 't1' });
    await eventually(
      () => b.registry.info(session.id, ADA),
      ({ state }) => state === 'awaiting',
    );
    const info = await b.registry.info(session.id, ADA);
    expect(info).toEqual(await a.registry.info(session.id, ADA));
    expect(info.pending).toHaveLength(1);
    expect(b.storage.calls).not.toContain('events.read');
  });

  it('is described as idle after a turn, by both servers alike', async () => {
    const { a, b, session } = await twoServers();
    await a.registry.send(session.id, user('go'), ADA);
    const agent = await eventually(() => a.agents[0], Boolean);
    await agent?.received(1);
    agent?.say(init(), assistant([text('hi')]), result());
    await eventually(
      () => a.registry.info(session.id, ADA),
      ({ state }) => state === 'idle',
    );
    expect(await b.registry.info(session.id, ADA)).toEqual(await a.registry.info(session.id, ADA));
  });
});
