import { describe, expect, it, jest } from '@jest/globals';
import {
  Access,
  type AccessAction,
  type CanAccess,
} from '../../../src/agent-webkit/engine/registry/access.js';
import { ForbiddenError, SessionNotFoundError } from '../../../src/agent-webkit/engine/errors.js';
import type { InboundMessage } from '../../../src/agent-webkit/protocol/inbound.js';
import { latch } from '../../support/latch.js';
import { ADA, BOB, createRegistry } from '../../support/registry-bench.js';
import { newRecord, settle, user } from '../../support/session-bench.js';

const ACTIONS: AccessAction[] = ['read', 'send', 'answer', 'delete'];
const NOT_FOUND = { code: 'session_not_found' };
const FORBIDDEN = { code: 'forbidden' };
const SESSION = newRecord();

const quiet = () => undefined;

const logger = () => {
  const errors: unknown[][] = [];
  return { errors, log: quiet, warn: quiet, error: (...args: unknown[]) => errors.push(args) };
};

const check = (canAccess: CanAccess | null, action: AccessAction, caller = BOB) =>
  new Access(canAccess, logger()).check(SESSION, caller, action);

/** Permits these actions to one caller, and nothing else. */
const only =
  (...allowed: AccessAction[]): CanAccess =>
  (_, caller, action) =>
    caller.id === BOB.id && allowed.includes(action);

describe('access to a session', () => {
  it.each(ACTIONS)('is permitted to the owner without a call of canAccess: %s', async (action) => {
    const canAccess = jest.fn<CanAccess>();
    await check(canAccess, action, ADA);
    expect(canAccess).not.toHaveBeenCalled();
  });

  it.each(ACTIONS)('is denied to other callers by default: %s', async (action) => {
    await expect(check(null, action)).rejects.toThrow(SessionNotFoundError);
    await expect(check(() => false, action)).rejects.toThrow(SessionNotFoundError);
  });

  it.each(ACTIONS)('is granted by the host for one action: %s', async (action) => {
    await check(only(action), action);
    await check((...asked) => Promise.resolve(only(action)(...asked)), action);
    for (const other of ACTIONS.filter((one) => one !== action)) {
      const refusal = action === 'read' ? ForbiddenError : SessionNotFoundError;
      await expect(check(only(action), other)).rejects.toThrow(refusal);
    }
    await expect(check(only(action), action, { id: 'eve' })).rejects.toThrow(SessionNotFoundError);
  });

  it('is decided with the session’s id, owner and configuration, the caller and the action', async () => {
    const canAccess = jest.fn<CanAccess>().mockReturnValue(true);
    const caller = { id: 'bob', team: 'red' };
    await check(canAccess, 'send', caller);
    expect(canAccess).toHaveBeenCalledWith(
      expect.objectContaining({ owner: 'ada' }),
      caller,
      'send',
    );
    expect(canAccess.mock.calls[0]?.[0]).toMatchObject({ id: SESSION.id, config: SESSION.config });
    expect(canAccess.mock.calls[0]?.[1]).toBe(caller);
  });

  it.each([1, 'true', {}, null, undefined])(
    'is not granted when canAccess returns %p',
    async (answer) => {
      const canAccess = (() => answer) as unknown as CanAccess;
      await expect(check(canAccess, 'read')).rejects.toThrow(SessionNotFoundError);
    },
  );

  it('is denied when the host’s callback throws, and the error is only logged', async () => {
    const log = logger();
    const failure = new Error('The database of teams is down.');
    for (const canAccess of [
      () => Promise.reject(failure),
      () => {
        throw failure;
      },
    ]) {
      const refused = new Access(canAccess, log).check(SESSION, BOB, 'delete');
      await expect(refused).rejects.toThrow(SessionNotFoundError);
    }
    expect(log.errors.every(([, cause]) => cause === failure)).toBe(true);
    expect(log.errors).toHaveLength(4);
  });

  it('is not checked with the host when there is no session', async () => {
    const canAccess = jest.fn<CanAccess>().mockReturnValue(true);
    const refused = new Access(canAccess, logger()).check(null, BOB, 'read');
    await expect(refused).rejects.toThrow(SessionNotFoundError);
    expect(canAccess).not.toHaveBeenCalled();
  });
});

const shared = (...allowed: AccessAction[]) =>
  createRegistry(undefined, { canAccess: (_, __, action) => allowed.includes(action) });

describe('a registry whose host shares sessions', () => {
  const MESSAGES: [InboundMessage, AccessAction][] = [
    [user('hi'), 'send'],
    [{ type: 'interrupt' }, 'send'],
    [{ type: 'set_model', model: 'm' }, 'send'],
    [{ type: 'set_permission_mode', mode: 'plan' }, 'send'],
    [{ type: 'stop_task', task_id: 't' }, 'send'],
    [{ type: 'permission_response', correlation_id: 'c', behavior: 'allow' }, 'answer'],
    [{ type: 'question_response', correlation_id: 'c', answers: {} }, 'answer'],
  ];

  it.each(MESSAGES)('requires for %j the right to %s it', async (message, action) => {
    const missing = message.type === 'stop_task' ? 'no_running_task' : 'no_pending_request';
    const refersToNothing = action === 'answer' || message.type === 'stop_task';
    const accepted = refersToNothing ? { code: missing } : undefined;
    for (const right of ['send', 'answer'] as const) {
      const { registry } = shared('read', right);
      const { id } = await registry.create({}, ADA);
      const sent = registry.send(id, message, BOB).catch((error: unknown) => error);
      const expected = right === action ? accepted : FORBIDDEN;
      if (expected) expect(await sent).toMatchObject(expected);
      else expect(await sent).toBeUndefined();
      await registry.lifecycle.shutdown();
    }
  });

  it('checks the access to a session before it reports a rejected action', async () => {
    const { registry } = shared();
    const { id } = await registry.create({}, ADA);
    const mode = { type: 'set_permission_mode', mode: 'bypassPermissions' } as const;
    await expect(registry.send(id, mode, BOB)).rejects.toMatchObject(NOT_FOUND);
    await registry.lifecycle.shutdown();
  });

  it('lists the caller’s own sessions only', async () => {
    const { registry } = shared('read');
    const { id } = await registry.create({}, ADA);
    expect((await registry.get(id, BOB)).id).toBe(id);
    expect((await registry.list(BOB, 10, null)).sessions).toEqual([]);
    await registry.lifecycle.shutdown();
  });

  it('lets a permitted caller delete a session, which no caller finds afterwards', async () => {
    const { registry, living } = shared('read', 'delete');
    const { id } = await registry.create({}, ADA);
    await registry.delete(id, BOB);
    expect(living()).toBe(0);
    for (const caller of [ADA, BOB]) {
      await expect(registry.get(id, caller)).rejects.toMatchObject(NOT_FOUND);
    }
    await registry.lifecycle.shutdown();
  });

  it('reports a session as not found when it is deleted during the access check', async () => {
    const { released, release } = latch();
    const canAccess: CanAccess = async () => {
      await released;
      return true;
    };
    const { registry } = createRegistry(undefined, { canAccess });
    const { id } = await registry.create({}, ADA);
    const sent = registry.send(id, user('hi'), BOB).catch((error: unknown) => error);
    const deleted = registry.delete(id, BOB).catch((error: unknown) => error);
    await settle();
    await registry.delete(id, ADA);
    release();
    expect(await sent).toMatchObject(NOT_FOUND);
    expect(await deleted).toMatchObject(NOT_FOUND);
    expect(registry.size).toBe(0);
    await registry.lifecycle.shutdown();
  });

  it('answers the same for another caller’s session and for none during a shutdown', async () => {
    const { registry, agents } = createRegistry();
    const { id } = await registry.create({}, ADA);
    const { released, release } = latch();
    for (const agent of agents) agent.closing = released;
    const down = registry.lifecycle.shutdown();
    const shuttingDown = { code: 'shutting_down' };
    await expect(registry.get('no such id', BOB)).rejects.toMatchObject(shuttingDown);
    await expect(registry.get(id, BOB)).rejects.toMatchObject(shuttingDown);
    release();
    await down;
  });
});
