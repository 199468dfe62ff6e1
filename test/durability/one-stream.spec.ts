import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { JointClient } from '../support/joint-client.js';
import { RealServer } from './real-server.js';
import { DURABLE, type TestStorage } from './test-storage.js';

const SESSIONS = 4;
const KILLS = 3;

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

// Servers on PostgreSQL are killed in test/cluster/one-stream.spec.ts.
for (const { name, describe, create } of DURABLE.filter((one) => one.name === 'SQLite')) {
  describe(`the stream of all sessions of a server on ${name} that is killed`, () => {
    let storage: TestStorage;
    let server: RealServer;
    beforeEach(async () => {
      storage = await create();
      const settings = {
        AGENT_WEBKIT_AGENT: 'demo',
        AGENT_WEBKIT_STORAGE: storage.setting,
      };
      server = new RealServer(sources, settings);
      await server.start();
    });
    afterEach(async () => {
      await server.close();
      await storage.remove();
    });

    const ask = async (method: string, path: string, body?: object) => {
      const answer = await server.request(method, path, body);
      return answer && answer.body !== ''
        ? (JSON.parse(answer.body) as Record<string, unknown>)
        : {};
    };
    /** Sends a message until it is accepted. */
    const say = async (id: string, content: string) => {
      const message = { type: 'user_message', content, message_id: randomUUID() };
      await eventually(
        async () => (await server.request('POST', `/sessions/${id}/input`, message))?.status,
        (status) => status === 204,
      );
    };
    const stored = async (id: string) => {
      const { events } = await ask('GET', `/sessions/${id}/events`);
      return (events as { id: number }[]).map((event) => event.id);
    };

    it('has every event once it is resumed, and no gap', async () => {
      const ids: string[] = [];
      for (let n = 0; n < SESSIONS; n += 1) {
        ids.push(
          String(
            (await ask('POST', '/sessions', { include_partial_messages: true }))['session_id'],
          ),
        ); // oxlint-disable-line no-await-in-loop
      }
      const received = new Map(ids.map((id) => [id, new Set([1])]));
      let cursor: string | null = null;
      const connect = async () => {
        const headers: Record<string, string> = cursor === null ? {} : { 'last-event-id': cursor };
        return JointClient.open(`${server.url}/stream`, headers);
      };
      const take = (stream: JointClient) => {
        for (const id of ids) for (const one of stream.idsOf(id)) received.get(id)?.add(one);
        cursor = stream.cursor === '' ? cursor : stream.cursor;
        expect(stream.names()).not.toContain('stream_gap');
      };
      /* oxlint-disable no-await-in-loop -- one kill after the other */
      for (let kill = 0; kill < KILLS; kill += 1) {
        const stream = await connect();
        await stream.next('stream_start');
        for (const id of ids) await say(id, 'long');
        await stream.next('message_delta', ids[kill]);
        await server.kill();
        await stream.ended();
        take(stream);
        await server.start();
      }
      const last = await connect();
      for (const id of ids) await say(id, 'fail the end');
      for (const id of ids) await last.next('result', id);
      await last.until(() => ids.every((id) => last.names(id).at(-1) === 'result'));
      take(last);
      for (const id of ids) {
        const missing = (await stored(id)).filter((one) => received.get(id)?.has(one) !== true);
        await last.until(() => missing.every((one) => last.idsOf(id).includes(one)));
      }
      /* oxlint-enable no-await-in-loop */
      last.close();
    }, 120_000);
  });
}
