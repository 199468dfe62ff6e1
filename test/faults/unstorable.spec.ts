import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { Client } from 'pg';
import { RealServer } from '../durability/real-server.js';
import { DURABLE, type TestStorage } from '../durability/test-storage.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { SseClient } from '../support/sse-client.js';

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
}, 60_000);
afterAll(() => sources.remove());

/** Makes the database reject a message of a client with POISON, and an answer of the agent with "made up". */
const REJECTED =
  "(new.name = 'user_message' and new.data like '%POISON%') or " +
  "(new.name = 'message_complete' and new.data like '%made up%')";

const rejectEvents: Record<string, (setting: string) => Promise<void> | void> = {
  SQLite: (setting) => {
    const database = new Libsql(fileURLToPath(new URL(setting)));
    database.exec(
      `create trigger refuse before insert on agent_webkit_event when ${REJECTED}
       begin select raise(abort, 'it is poison'); end`,
    );
    database.close();
  },
  PostgreSQL: async (connectionString) => {
    const client = new Client({ connectionString });
    await client.connect();
    await client.query(
      `create function refuse() returns trigger language plpgsql as $$ begin
         if ${REJECTED} then raise 'it is poison' using errcode = '22P05'; end if;
         return new;
       end $$;
       create trigger refuse before insert on agent_webkit.event
         for each row execute function refuse()`,
    );
    await client.end();
  },
};

for (const { name, describe, create } of DURABLE) {
  describe(`an event that ${name} can never store`, () => {
    let storage: TestStorage;
    let server: RealServer;
    let streams: SseClient[];
    beforeEach(async () => {
      storage = await create();
      server = new RealServer(sources, {
        AGENT_WEBKIT_AGENT: 'demo',
        AGENT_WEBKIT_STORAGE: storage.setting,
      });
      streams = [];
      await server.start();
      await rejectEvents[name]?.(storage.setting);
    });
    afterEach(async () => {
      for (const stream of streams) stream.close();
      await server.close();
      await storage.remove();
    });

    it('is rejected with 422, and leaves its session and other sessions usable', async () => {
      const [poisoned, ...others] = await Promise.all(Array.from({ length: 10 }, createSession));
      const reader = await open(poisoned ?? '');
      const answers = await Promise.all([
        ...others.map((id) => send(id, 'hello')),
        send(poisoned ?? '', 'POISON'),
        ...others.map((id) => send(id, 'again')),
      ]);
      expect(answers[others.length]).toMatchObject({ statusCode: 422, code: 'not_storable' });
      answers.splice(others.length, 1);
      expect(new Set(answers)).toEqual(new Set([null]));
      const again = await afterReset(poisoned ?? '', reader);
      expect(await again.next('error')).toMatchObject({ data: { code: 'event_not_stored' } });
      expect(await send(poisoned ?? '', 'better')).toBeNull();
      expect(await again.next('result')).toMatchObject({ data: { subtype: 'success' } });
      const names = again.events.map(({ event }) => event);
      expect(names.filter((event) => event === 'error')).toHaveLength(1);
    });

    it('of an agent interrupts its turn, and the queue continues', async () => {
      const id = await createSession();
      const reader = await open(id);
      expect(await send(id, 'help')).toBeNull();
      expect(await send(id, 'hello')).toBeNull();
      const again = await afterReset(id, reader);
      const errors = [await again.next('error'), await again.next('error')];
      expect(errors.map(({ data }) => data['code'])).toEqual([
        'event_not_stored',
        'turn_interrupted',
      ]);
      await again.until(() => again.events.filter(({ event }) => event === 'result').length === 2);
      expect(again.events.at(-1)).toMatchObject({ event: 'result', data: { subtype: 'success' } });
    });

    /** Returns a stream that goes on where the session was reset: where servers share the storage, that is the same one. */
    async function afterReset(id: string, reader: SseClient): Promise<SseClient> {
      if (name === 'PostgreSQL') return reader;
      await reader.ended();
      return open(id, { 'last-event-id': String(reader.events.at(-1)?.id ?? 0) });
    }

    async function createSession(): Promise<string> {
      const answer = await server.request('POST', '/sessions', {});
      expect(answer?.status).toBe(200);
      return (JSON.parse(answer?.body ?? '') as { session_id: string }).session_id;
    }

    /** Returns null when the message was accepted, otherwise the refusal. */
    async function send(id: string, content: string): Promise<unknown> {
      const message = { type: 'user_message', content };
      const answer = await server.request('POST', `/sessions/${id}/input`, message);
      return answer?.status === 204 ? null : JSON.parse(answer?.body ?? 'null');
    }

    async function open(id: string, headers: Record<string, string> = {}): Promise<SseClient> {
      const stream = await SseClient.open(`${server.url}/sessions/${id}/stream`, headers);
      expect(stream.status).toBe(200);
      streams.push(stream);
      return stream;
    }
  });
}
