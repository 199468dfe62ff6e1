import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { SseClient } from '../support/sse-client.js';
import { RealServer } from './real-server.js';
import { DURABLE, type TestStorage } from './test-storage.js';

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

for (const { name, describe, create } of DURABLE) {
  describe(`a reader of a server on ${name} that has just started`, () => {
    let storage: TestStorage;
    let server: RealServer;
    beforeEach(async () => {
      storage = await create();
      const settings = { AGENT_WEBKIT_AGENT: 'demo', AGENT_WEBKIT_STORAGE: storage.setting };
      server = new RealServer(sources, settings);
      await server.start();
    });
    afterEach(async () => {
      await server.close();
      await storage.remove();
    });

    /** Returns the response to a reader that connects with this Last-Event-ID, instead of a stream. */
    async function refusal(id: string, cursor: string): Promise<unknown> {
      const url = `${server.url}/sessions/${id}/stream`;
      const stream = await SseClient.open(url, { 'last-event-id': cursor });
      // A stream would stay open.
      if (stream.status !== 200) await stream.ended();
      stream.close();
      return { status: stream.status, body: stream.raw };
    }

    it('is rejected before the first byte, and receives no id that is not in the log', async () => {
      const answer = await server.request('POST', '/sessions');
      const { session_id: id } = JSON.parse(answer?.body ?? '') as { session_id: string };
      await server.kill();
      await server.start();
      expect(await refusal(id, String(2 ** 50))).toEqual({
        status: 412,
        body: expect.stringContaining('"cursor_ahead"'),
      });
      expect(await refusal(id, '1000')).toEqual({
        status: 412,
        body: expect.stringMatching(/"cursor_(ahead|lost)"/),
      });
      expect(await refusal(randomUUID(), '0')).toEqual({
        status: 404,
        body: expect.stringContaining('"session_not_found"'),
      });
    });
  });
}
