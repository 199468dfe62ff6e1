import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { KilledAgentServer } from './killed-agent-server.js';
import { DURABLE } from './test-storage.js';

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

for (const { name, describe, create } of DURABLE) {
  describe(`a server with the real agent on ${name} that is killed after a conversation was cleared`, () => {
    let world: KilledAgentServer;
    beforeEach(async () => {
      world = await KilledAgentServer.start(sources, create);
    });
    afterEach(() => world.close());

    it('continues the new conversation, and deletes all of them with the session', async () => {
      const { server, storage } = world;
      const first = await world.open();
      await first.turn('the old secret');
      await first.turn('/clear');
      await first.turn('the new secret');

      const second = await world.replace(first);
      await second.turn('recall');
      expect(second.said()).toEqual(['the new secret | recall']);

      // Killed while the first turn after the clearing waits for a permission.
      await second.turn('/clear');
      await second.session.send('bash touch secret');
      await second.asked();
      const third = await world.replace(second);
      await third.next('result');
      await third.turn('recall');
      // The agent may not have stored the message of the killed turn.
      expect(third.said().join()).toMatch(/^(bash touch secret \| )?.*recall$/s);
      expect(third.said().join()).not.toMatch(/new secret|old secret/);

      // Killed before the new conversation has a message.
      await third.turn('/clear');
      const fourth = await world.replace(third);
      await fourth.turn('recall');
      expect(fourth.said()).toEqual(['recall']);

      const resets = [first, second, third].flatMap((tab) => tab.all('conversation_reset'));
      const ids = resets.map((data) => String(data['conversation_id']));
      expect(ids).toHaveLength(3);
      const traces = async () => {
        const rows = await storage.rows();
        return rows.filter((row) =>
          [first.id, ...ids, 'secret'].some((word) => row.includes(word)),
        );
      };
      await server.kill();
      const before = (await traces()).join('\n');
      for (const word of [first.id, ...ids, 'old secret', 'new secret']) {
        expect(before).toContain(word);
      }
      await server.start();
      expect(await server.request('DELETE', `/sessions/${first.id}`)).toMatchObject({
        status: 204,
      });
      await server.kill();
      expect(await traces()).toEqual([]);
    }, 120_000);
  });
}
