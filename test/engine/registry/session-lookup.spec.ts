import { describe, expect, it } from '@jest/globals';
import {
  SessionNotFoundError,
  ShuttingDownError,
} from '../../../src/agent-webkit/engine/errors.js';
import {
  SessionLookup,
  type SessionLookupOptions,
} from '../../../src/agent-webkit/engine/registry/session-lookup.js';
import type { StorageWait } from '../../../src/agent-webkit/engine/storage-guard/storage-wait.js';

const wait = { for: (promise: unknown) => promise } as unknown as StorageWait;
const LIVING = { state: 'idle', endReason: null };
const RELEASED = { state: 'closed', endReason: 'released' };

/** A lookup on a server that has these sessions in memory, one after the other. */
function lookUp(sessions: unknown[], server: { isDraining?: boolean; isInFleet?: boolean } = {}) {
  const left = [...sessions];
  const live = {
    load: async () => left.shift() ?? null,
    departures: { isDraining: server.isDraining ?? false },
  };
  const options = {
    live,
    membership: server.isInFleet ? { address: 'here', isCertain: true } : null,
    isShuttingDown: () => false,
  };
  return new SessionLookup(options as unknown as SessionLookupOptions).load('id', wait);
}

describe('a session that leaves the memory while a call waits for it', () => {
  it('is loaded again by a server that stays', async () => {
    expect(await lookUp([RELEASED, LIVING])).toBe(LIVING);
  });

  it('has moved, for a server that has others beside it', async () => {
    expect(await lookUp([RELEASED], { isInFleet: true, isDraining: true })).toBe('moved');
  });

  it('is refused for now when its only server drains', async () => {
    await expect(lookUp([RELEASED], { isDraining: true })).rejects.toThrow(ShuttingDownError);
  });

  it('does not exist when it was deleted', async () => {
    const deleted = { state: 'closed', endReason: 'deleted' };
    await expect(lookUp([deleted], { isInFleet: true })).rejects.toThrow(SessionNotFoundError);
    await expect(lookUp([])).rejects.toThrow(SessionNotFoundError);
  });
});
