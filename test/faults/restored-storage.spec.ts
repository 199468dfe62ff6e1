import { afterAll, afterEach, beforeAll, beforeEach, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { type Restorable, WAYS } from './restorable.js';
import { RestoredSession } from './restored-session.js';

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

for (const { name, describe, create, isOnline } of WAYS) {
  describe(`a server that starts on ${name}`, () => {
    let storage: Restorable;
    let session: RestoredSession;
    beforeEach(async () => {
      storage = await create();
      session = await RestoredSession.create(sources, storage);
    }, 30_000);
    afterEach(() => session.close());

    it('refuses the cursor of a lost event, and serves every other one without a gap', async () => {
      await session.backUp(isOnline);
      await session.kill();
      await storage.restore();
      await session.start();
      await session.expectNoGap();
      await session.outgrow();
      await session.expectNoGap();
    }, 60_000);

    it('reports a gap in the stream of all sessions to those who received lost events', async () => {
      await session.backUp(isOnline);
      await session.kill();
      await storage.restore();
      await session.start();
      await session.expectNoSilentGap();
      await session.outgrow();
      await session.expectNoSilentGap();
    }, 60_000);
  });
}
