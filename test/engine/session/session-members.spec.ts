import { afterEach, describe, expect, it } from '@jest/globals';
import { HeldStorage } from '../../support/held-storage.js';
import { SessionBench, settle } from '../../support/session-bench.js';

const ADA = { id: 'ada' };

describe('a change of the members of a session, beside another one that is not stored yet', () => {
  let bench: SessionBench;
  const storage = () => bench.storage as HeldStorage;
  afterEach(async () => {
    storage().events.release();
    await bench.session.end('released', 0);
  });

  /** Shares the session with Bob, and then with Eve. Both expect that it is not shared. */
  const change = async (second: string) => {
    const held = new HeldStorage();
    held.events.isHeld = false;
    bench = await SessionBench.start({ storage: held });
    held.events.isHeld = true;
    const share = (id: string) => {
      const settled = { code: undefined as unknown };
      bench.session.setMembers({ members: [{ id, role: 'viewer' }], expected: [] }, ADA).then(
        () => (settled.code = 'done'),
        ({ code }: { code: string }) => (settled.code = code),
      );
      return settled;
    };
    const outcomes = [share('bob'), share(second)];
    await settle();
    return () => outcomes.map(({ code }) => code);
  };

  it('is rejected when the other one is stored, and not before', async () => {
    const outcomes = await change('eve');
    expect(outcomes()).toEqual([undefined, undefined]);
    storage().events.release();
    await settle();
    expect(outcomes()).toEqual(['done', 'members_changed']);
    expect(await bench.data('members_changed')).toMatchObject([{ members: [{ id: 'bob' }] }]);
  });

  it('is not rejected because of the other one when that could not be stored', async () => {
    const outcomes = await change('eve');
    storage().events.refuse();
    await settle();
    expect(outcomes()).toEqual(['storage_unavailable', 'storage_unavailable']);
  });

  it('has its effect with the other one if that is the same', async () => {
    const outcomes = await change('bob');
    expect(outcomes()).toEqual([undefined, undefined]);
    storage().events.release();
    await settle();
    expect(outcomes()).toEqual(['done', 'done']);
    expect(await bench.data('members_changed')).toHaveLength(1);
  });
});
