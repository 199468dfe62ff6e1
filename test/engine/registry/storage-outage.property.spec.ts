import { afterAll, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { SessionEngine } from '../../../src/agent-webkit/engine/registry/session-engine.js';
import { eventually } from '../../support/eventually.js';
import { HangingStorage } from '../../support/hanging-storage.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { LIMITS, user } from '../../support/session-bench.js';

const TIMEOUT_MS = 15;
const STORAGE_CALLS = ['*', 'append', 'read', 'create', 'claim', 'get', 'delete', 'count'];

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('break' as const),
      call: fc.constantFrom(...STORAGE_CALLS),
      fate: fc.constantFrom('late' as const, 'lost' as const, 'fails' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('repair' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      key: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), session: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('delete' as const), session: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('info' as const), session: fc.nat(3) }) },
);

/** Returns the code of the rejection of a call; null when it succeeded. */
const codeOf = (call: Promise<unknown>): Promise<string | null> =>
  call.then(
    () => null,
    ({ code = 'no code' }: { code?: string }) => code,
  );

/** The stops of servers, which take a while where the storage is lost. */
const stops: Promise<void>[] = [];
afterAll(() => Promise.all(stops));

const quiet = () => undefined;

function start(storage: HangingStorage): SessionEngine {
  const logger = { log: quiet, warn: quiet, error: quiet };
  const limits = { ...LIMITS, storageTimeoutMs: TIMEOUT_MS };
  const { registry } = createRegistry(storage, { limits, logger });
  return new SessionEngine({ registry, storage, logger });
}

it('keeps every accepted message, and revives no deleted session, whatever the storage does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
      const memory = new MemoryStorage();
      // Each server has its own connection to the data, which ends with it.
      let storage = new HangingStorage(memory);
      let engine = start(storage);
      const kill = () => {
        storage.sever();
        stops.push(engine.stop());
        storage = new HangingStorage(memory);
        engine = start(storage);
      };
      const ids: string[] = [];
      const gone = new Set<string>();
      const asked = new Set<string>();
      const accepted = new Map<string, string>();
      /* oxlint-disable no-await-in-loop -- one step after the other */
      for (const one of steps) {
        const id = 'session' in one ? ids[one.session % Math.max(1, ids.length)] : undefined;
        switch (one.do) {
          case 'break':
            storage.fates.set(one.call, one.fate);
            break;
          case 'repair':
            storage.repair();
            break;
          case 'create': {
            const created = await engine.create({}, ADA, one.key).catch(() => null);
            if (created && !ids.includes(created.id)) ids.push(created.id);
            break;
          }
          case 'send': {
            if (id === undefined) break;
            const message = user('hi');
            const code = await codeOf(engine.get(id, ADA).send(message));
            if (code === null) accepted.set(message.message_id, id);
            if (code === 'session_not_found') gone.add(id);
            break;
          }
          case 'delete': {
            if (id === undefined) break;
            asked.add(id);
            const code = await codeOf(engine.get(id, ADA).close());
            if (code === null || code === 'session_not_found') gone.add(id);
            break;
          }
          case 'kill':
            kill();
            break;
          case 'info':
            if (id === undefined) break;
            if ((await codeOf(engine.get(id, ADA).info())) === 'session_not_found') gone.add(id);
            break;
          default:
            one satisfies never;
        }
      }
      storage.repair();
      for (const id of ids) {
        const code = await eventually(
          () => codeOf(engine.get(id, ADA).info()),
          (answer) => answer !== 'storage_unavailable',
        );
        if (code === 'session_not_found') gone.add(id);
        // Nothing but a request of the client deletes a session.
        if (!asked.has(id)) expect(code).toBeNull();
      }
      // After a restart, what did not exist does not exist, and what exists has all accepted messages.
      kill();
      for (const id of ids) {
        const code = await eventually(
          () => codeOf(engine.get(id, ADA).info()),
          (answer) => answer !== 'storage_unavailable',
        );
        if (gone.has(id)) expect(code).toBe('session_not_found');
        if (code !== null) continue;
        const { events } = await engine.get(id, ADA).read();
        const stored = new Set(
          events.flatMap(({ event, data }) => (event === 'user_message' ? [data.message_id] : [])),
        );
        for (const [message, session] of accepted)
          if (session === id) expect(stored).toContain(message);
      }
      // What is deleted leaves nothing behind.
      await eventually(async () => {
        const left = await Promise.all([...gone].map((id) => storage.records.get(id)));
        return left.every((record) => record === null);
      });
      /* oxlint-enable no-await-in-loop */
      stops.push(engine.stop());
    }),
    { numRuns: 150 },
  );
}, 120_000);
