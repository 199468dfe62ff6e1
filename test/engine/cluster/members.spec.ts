import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ForbiddenError, SessionNotFoundError } from '../../../src/agent-webkit/engine/errors.js';
import { SessionHandle } from '../../../src/agent-webkit/engine/registry/session-handle.js';
import { type BenchServer, ClusterBench } from '../../support/cluster-bench.js';

const ANN = { id: 'ann' };
const BOB = { id: 'bob' };

describe('a session that is shared, on several servers', () => {
  let bench: ClusterBench;
  let one: BenchServer;
  let two: BenchServer;
  beforeEach(async () => {
    bench = new ClusterBench();
    [one, two] = (await bench.startAll(2)) as [BenchServer, BenchServer];
  });
  afterEach(() => bench.close());

  it('ends the watch of a removed member on another server before any later event', async () => {
    const id = await one.registry.createId({}, ANN);
    const owner = new SessionHandle(two.registry, id, ANN);
    const member = new SessionHandle(two.registry, id, BOB);
    await expect(member.info()).rejects.toBeInstanceOf(SessionNotFoundError);
    await owner.setMembers([{ id: 'bob', role: 'viewer' }]);
    expect(await member.info()).toMatchObject({ owner: 'ann', role: 'viewer' });
    const refused = member.send({ type: 'user_message', content: 'hi' });
    await expect(refused).rejects.toBeInstanceOf(ForbiddenError);
    const { sessions } = await two.registry.list(BOB, 10, null);
    expect(sessions).toMatchObject([{ session_id: id, role: 'viewer' }]);

    const names: string[] = [];
    const watch = await member.watch();
    const reading = (async () => {
      for await (const { event } of watch) names.push(event);
    })();
    const failure = reading.catch((error: unknown) => error);
    await owner.setMembers([]);
    await owner.send({ type: 'user_message', content: 'secret' });
    expect(await failure).toBeInstanceOf(SessionNotFoundError);
    expect(names).not.toContain('user_message');
    await expect(member.info()).rejects.toBeInstanceOf(SessionNotFoundError);
  });
});
