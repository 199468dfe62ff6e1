import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { SessionInfo } from '../../src/agent-webkit/protocol/answers.js';
import { groupSessions, withoutInbox } from '../../page/src/ui/session-groups.js';

const NOW = new Date(2026, 2, 30, 0, 30).getTime();
const HOUR = 3_600_000;

const session = (id: string, at: number, state = 'idle') =>
  ({
    session_id: id,
    state,
    title: id,
    last_activity_at: new Date(at).toISOString(),
  }) as SessionInfo;
const ids = (some: readonly SessionInfo[]) => some.map(({ session_id: id }) => id);
const named = (sessions: readonly SessionInfo[]) =>
  groupSessions(sessions, NOW).map((group) => [group.name, ids(group.sessions)]);

describe('the groups of the session list', () => {
  it('puts sessions that need the user before those of today', () => {
    expect(
      named([
        session('today', NOW - 60_000),
        session('yesterday', NOW - HOUR),
        session('asking', NOW - 300 * 24 * HOUR, 'awaiting'),
        session('week', NOW - 4 * 24 * HOUR),
        session('old', NOW - 30 * 24 * HOUR),
      ]),
    ).toEqual([
      ['Needs you', ['asking']],
      ['Today', ['today']],
      ['Yesterday', ['yesterday']],
      ['Previous 7 days', ['week']],
      ['Older', ['old']],
    ]);
  });

  it('has a session that is dated in the future under today', () => {
    expect(named([session('ahead', NOW + HOUR)])).toEqual([['Today', ['ahead']]]);
  });

  it('has each session exactly once, in the order of the list', () => {
    const anySession = fc.record({
      age: fc.integer({ min: -2, max: 1000 }),
      state: fc.constantFrom('idle', 'running', 'awaiting', 'dormant'),
    });
    fc.assert(
      fc.property(fc.array(anySession, { maxLength: 30 }), (all) => {
        const sessions = all
          .toSorted((one, other) => one.age - other.age)
          .map(({ age, state }, at) => session(String(at), NOW - age * HOUR, state));
        const groups = groupSessions(sessions, NOW);
        const asking = sessions.filter(({ state }) => state === 'awaiting');
        const others = sessions.filter(({ state }) => state !== 'awaiting');
        expect(groups.flatMap((group) => ids(group.sessions))).toEqual([
          ...ids(asking),
          ...ids(others),
        ]);
      }),
    );
  });

  it('omits the sessions that the inbox shows, except in a search', () => {
    const all = [session('asking', NOW, 'awaiting'), session('other', NOW)];
    const requests = [{ session_id: 'asking' }];
    expect(ids(withoutInbox(all, requests, false))).toEqual(['other']);
    expect(withoutInbox(all, requests, true)).toEqual(all);
  });
});
