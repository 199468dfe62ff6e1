import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { SseClient } from '../support/sse-client.js';
import { RealServer } from '../durability/real-server.js';
import { type Restorable, WAYS } from './restorable.js';

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

for (const { name, describe, create, isOnline } of WAYS) {
  describe(`a server whose storage is put back to ${name}`, () => {
    let storage: Restorable;
    let server: RealServer;
    let id: string;
    beforeEach(async () => {
      storage = await create();
      server = new RealServer(sources, {
        AGENT_WEBKIT_AGENT: 'demo',
        AGENT_WEBKIT_STORAGE: storage.setting,
      });
      await server.start();
      const created = await server.request('POST', '/sessions');
      id = (JSON.parse(created?.body ?? '') as { session_id: string }).session_id;
    }, 30_000);
    afterEach(async () => {
      await server.close();
      await storage.remove();
    });

    /** Sends a message until it is accepted, and waits for the end of its turn. */
    const converse = async (content: string) => {
      const message = { type: 'user_message', content, message_id: randomUUID() };
      await eventually(async () => {
        const answer = await server.request('POST', `/sessions/${id}/input`, message);
        return answer?.status === 204;
      });
      await eventually(async () => {
        const answer = await server.request('GET', `/sessions/${id}`);
        return answer?.status === 200 && JSON.parse(answer.body).state === 'idle';
      });
    };
    const open = (cursor: number) =>
      SseClient.open(`${server.url}/sessions/${id}/stream`, { 'last-event-id': String(cursor) });
    /** Returns the events after a cursor, or the code of the refusal. */
    const read = async (cursor: number) => {
      const answer = await server.request('GET', `/sessions/${id}/events?after=${cursor}`);
      const { events, code } = JSON.parse(answer?.body ?? '{}');
      return (events as { id: number }[] | undefined) ?? `${answer?.status} ${code}`;
    };
    const idsAfter = async (cursor: number) => {
      const events = await read(cursor);
      if (typeof events === 'string') throw new Error(events);
      return events.map((event) => event.id);
    };
    /** Checks that every cursor of a lost event is refused, and that every other one is served completely. */
    const expectNoGap = async (kept: readonly number[], lost: readonly number[]) => {
      const all = await idsAfter(0);
      expect(all.slice(0, kept.length)).toEqual(kept);
      for (const [index, cursor] of all.entries()) {
        // oxlint-disable-next-line no-await-in-loop -- one request at a time
        expect(await idsAfter(cursor)).toEqual(all.slice(index + 1));
      }
      for (const cursor of lost) {
        // oxlint-disable-next-line no-await-in-loop -- one request at a time
        const stream = await open(cursor);
        expect(stream.status).toBe(412);
        expect(stream.json()).toMatchObject({ code: expect.stringMatching(/^cursor_/) });
        // oxlint-disable-next-line no-await-in-loop -- one request at a time
        expect(await read(cursor)).toMatch(/^412 cursor_(lost|ahead)$/);
      }
    };

    it('refuses the cursor of a lost event, and serves every other one without a gap', async () => {
      await converse('hello');
      if (!isOnline) await server.kill();
      await storage.backUp();
      if (!isOnline) await server.start();
      const kept = await idsAfter(0);
      await converse('tools');
      const lost = (await idsAfter(0)).slice(kept.length);
      expect(lost.length).toBeGreaterThan(4);
      await server.kill();

      await storage.restore();
      await server.start();
      await expectNoGap(kept, lost);
      // From another tab, until the log is longer than it was.
      for (const content of ['tools', 'hello', 'hello']) {
        // oxlint-disable-next-line no-await-in-loop -- one turn after the other
        await converse(content);
      }
      expect((await idsAfter(0)).length).toBeGreaterThan(kept.length + lost.length);
      await expectNoGap(kept, lost);
    }, 60_000);

    if (!isOnline) return;
    it('abandons the sessions that it has in memory', async () => {
      await converse('hello');
      await storage.backUp();
      const kept = await idsAfter(0);
      await converse('tools');
      const lost = (await idsAfter(0)).slice(kept.length);
      const reader = await open(kept.at(-1) ?? 0);
      await reader.until(() => reader.events.length === lost.length);

      await storage.restore();
      for (const content of ['tools', 'hello', 'hello']) {
        // oxlint-disable-next-line no-await-in-loop -- one turn after the other
        await converse(content);
      }
      await reader.ended();
      expect(reader.ids()).toEqual(lost);
      expect((await idsAfter(0)).length).toBeGreaterThan(kept.length + lost.length);
      await expectNoGap(kept, lost);
    }, 60_000);
  });
}
