import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { describeOwnPostgres } from '../durability/own-postgres.js';
import { createFailover, type Restorable } from './restorable.js';
import { RestoredSession } from './restored-session.js';

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

describeOwnPostgres(
  'a running server whose PostgreSQL fails over to a standby that is behind',
  () => {
    let storage: Restorable;
    let session: RestoredSession;
    beforeEach(async () => {
      storage = await createFailover();
      session = await RestoredSession.create(sources, storage);
      await session.backUp(true);
    }, 60_000);
    afterEach(() => session.close());

    it('ends the streams of a session that it writes to, and loses no event that it stores then', async () => {
      const reader = await session.follow(session.kept.at(-1) ?? 0);
      await reader.until(() => reader.events.length === session.lost.length);
      await storage.restore();
      await session.outgrow();
      await reader.ended();
      expect(reader.ids()).toEqual(session.lost);
      await session.expectNoGap();
    }, 60_000);

    it('ends the streams of a session without a write, too', async () => {
      const reader = await session.follow(session.kept.at(-1) ?? 0);
      await reader.until(() => reader.events.length === session.lost.length);
      await storage.restore();
      await reader.ended();
      expect(reader.ids()).toEqual(session.lost);
      await session.expectNoGap();
    }, 60_000);
  },
);
