import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type Restorable, WAYS } from '../faults/restorable.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import type { SseEvent } from '../support/sse-client.js';
import { Random } from './random.js';
import { Reader } from './reader.js';
import { RealServer } from './real-server.js';
import { eachRound, rounds } from './rounds.js';
import { LEASE_MS } from './test-storage.js';
import { checkIds } from './verify.js';

const RESTORES = rounds(6);
const READERS = 3;
/** The maximum delay before the server is killed. */
const MAX_ROUND_MS = 1500;
const WORDS = ['tools', 'fail', 'hello'];

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

for (const { name, describe, create } of WAYS) {
  describe(`a server that is killed and put back to ${name} under load`, () => {
    let storage: Restorable;
    let server: RealServer;
    let path: string;
    let readers: Reader[];
    /** The number of readers that reloaded the session, because it lost events that they had. */
    let reloads: number;
    beforeEach(async () => {
      storage = await create();
      server = new RealServer(sources, {
        AGENT_WEBKIT_AGENT: 'demo',
        AGENT_WEBKIT_STORAGE: storage.setting,
        AGENT_WEBKIT_LEASE_MS: LEASE_MS,
      });
      await server.start();
      reloads = 0;
      const wish = { include_partial_messages: true };
      const created = await server.request('POST', '/sessions', wish);
      const { session_id } = JSON.parse(created?.body ?? '') as { session_id: string };
      path = `/sessions/${session_id}`;
      readers = Array.from({ length: READERS }, () => read());
    }, 60_000);
    afterEach(async () => {
      await server.close();
      await storage.remove();
    });

    const read = () => new Reader(server, path.replace('/sessions/', ''), () => undefined);
    const get = async (query: string): Promise<Record<string, unknown>> => {
      const answer = await eventually(
        () => server.request('GET', path + query),
        (found) => found?.status === 200,
      );
      return JSON.parse(answer?.body ?? '') as Record<string, unknown>;
    };
    const send = (content: string) =>
      server.request('POST', `${path}/input`, {
        type: 'user_message',
        message_id: randomUUID(),
        content,
      });
    const talk = async (random: Random) => {
      for (let sent = random.upTo(3); sent > 0; sent -= 1) {
        // oxlint-disable-next-line no-await-in-loop -- one message after the other
        await send(WORDS[random.upTo(WORDS.length) - 1] ?? '');
      }
    };
    const readLog = async (): Promise<SseEvent[]> => {
      const events: SseEvent[] = [];
      for (let hasMore = true; hasMore;) {
        // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
        const page = await get(`/events?after=${events.at(-1)?.id ?? 0}`);
        events.push(...(page['events'] as SseEvent[]));
        hasMore = page['has_more'] === true;
      }
      return events;
    };

    /** Waits until nothing goes on, and returns the events of each reader that continued or reloaded. */
    const comeToRest = async (): Promise<(readonly SseEvent[])[]> => {
      await eventually(
        async () => {
          const { state, last_id } = await get('');
          for (const [index, reader] of readers.entries()) {
            if (reader.refusal?.startsWith('412') !== true) continue;
            reloads += 1;
            readers[index] = read();
          }
          const isRead = readers.every(({ lastId }) => lastId === last_id);
          return (state === 'idle' || state === 'dormant') && isRead;
        },
        Boolean,
        Infinity,
      );
      return readers.map(({ events }) => events);
    };

    it('delivers the whole log to every reader, or makes it reload the session', async () => {
      const random = new Random();
      await send('hello');
      await comeToRest();
      for (const round of eachRound(RESTORES)) {
        /* oxlint-disable no-await-in-loop -- one step after the other */
        // A backup is restored once or several times.
        if (round === 1 || random.next() < 0.5) {
          await server.kill();
          await storage.backUp();
          await server.start();
        }
        await talk(random);
        await delay(random.next() * MAX_ROUND_MS);
        await server.kill();
        await storage.restore();
        await server.start();
        await talk(random);
        const seen = await comeToRest();
        const log = await readLog();
        expect(checkIds(log)).toEqual([]);
        for (const events of seen) expect(events).toEqual(log);
        /* oxlint-enable no-await-in-loop */
      }
      expect(reloads).toBeGreaterThan(0);
    }, 300_000);
  });
}
