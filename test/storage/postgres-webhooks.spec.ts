import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { DURABLE, LEASE_MS, type TestStorage } from '../durability/test-storage.js';
import { ServerProcess } from '../faults/server-process.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { describePostgres } from '../support/postgres.js';
import { HANG, respondWith, TestReceiver } from '../webhooks/receiver.js';

/** Longer than a claim of a server that was killed. */
const CLAIM_MS = 60_000;
const TURNS = 5;

const sawGone = ({ program }: ServerProcess) => program.output.includes('it is gone');

describePostgres('Servers that share a PostgreSQL database', () => {
  let sources: CompiledSources;
  let storage: TestStorage;
  let receiver: TestReceiver;
  let folder: string;
  beforeAll(async () => {
    sources = await CompiledSources.create();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webhooks-'));
    receiver = await TestReceiver.listen();
    storage = (await DURABLE.find(({ name }) => name === 'PostgreSQL')?.create()) as TestStorage;
  });
  afterEach(async () => {
    await ServerProcess.killAll();
    await receiver.close();
    await storage.remove();
    await rm(folder, { recursive: true });
  });
  afterAll(() => sources.remove());

  const start = () =>
    ServerProcess.start(sources, 'exec "$@"', {
      env: {
        AGENT_WEBKIT_STORAGE: storage.setting,
        AGENT_WEBKIT_LEASE_MS: LEASE_MS,
        AGENT_WEBKIT_WORKSPACE: folder,
        AGENT_WEBKIT_WEBHOOK_URL: receiver.url,
        AGENT_WEBKIT_WEBHOOK_SECRET: `whsec_${'A'.repeat(32)}`,
        AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE: '1',
      },
    });
  const idsOf = () => receiver.arrived.map(({ id }) => id);

  it('deliver each notification once, whichever of them runs the session', async () => {
    const servers = [await start(), await start()];
    await Promise.all(
      servers.map(async (server) => {
        // oxlint-disable-next-line no-await-in-loop -- one session after the other on each server
        for (let turn = 0; turn < TURNS; turn += 1) await server.serveTurn();
      }),
    );
    await receiver.of('turn.ended', 2 * TURNS);
    expect(new Set(idsOf()).size).toBe(idsOf().length);
  }, 90_000);

  it('deliver what a server that was killed has claimed', async () => {
    receiver.respond = HANG;
    const killed = await start();
    await killed.serveTurn();
    const [claimed] = await receiver.of('turn.ended');
    await killed.program.kill();
    receiver.respond = respondWith(204);
    await start();
    await eventually(
      () => idsOf().filter((id) => id === claimed?.id).length === 2,
      Boolean,
      CLAIM_MS,
    );
  }, 90_000);

  it('keep everything for a receiver that is gone, which a server that starts later delivers', async () => {
    receiver.respond = respondWith(410);
    const servers = [await start(), await start()];
    let turns = 0;
    while (!servers.every(sawGone)) {
      // oxlint-disable-next-line no-await-in-loop -- until both servers have delivered one
      await Promise.all(servers.map((server) => server.serveTurn()));
      turns += servers.length;
    }
    const attempts = receiver.arrived.length;
    await Promise.all(servers.map((server) => server.serveTurn()));
    turns += servers.length;
    receiver.respond = respondWith(204);
    await start();
    const later = () => new Set(idsOf().slice(attempts));
    await eventually(() => later().size === turns, Boolean, CLAIM_MS);
  }, 90_000);
});
