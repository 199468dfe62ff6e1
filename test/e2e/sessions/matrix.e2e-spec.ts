import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentWebkitRequest } from '../../../src/agent-webkit/options/groups/top-level.js';
import type { Caller } from '../../../src/agent-webkit/engine/caller.js';
import type { StorageProvider } from '../../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { SqliteStorage } from '../../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { refused } from '../../support/refused.js';
import { ADAPTERS, type Answer, startApp, type TestApp } from '../../support/start-app.js';

const HI = { type: 'user_message', content: 'hi' };
const MODE = { type: 'set_permission_mode', mode: 'bypassPermissions' };
const REPLY = { type: 'permission_response', correlation_id: 'c', behavior: 'allow' };
/** Every route, with the status of its answer to the owner of the session. */
const ROUTES = [
  ['POST', '/sessions', {}, 200],
  ['GET', '/sessions', undefined, 200],
  ['GET', '/sessions/ID', undefined, 200],
  ['GET', '/sessions/ID/capabilities', undefined, 200],
  ['GET', '/sessions/ID/events', undefined, 200],
  ['GET', '/sessions/ID/decisions', undefined, 200],
  ['GET', '/sessions/ID/events?after=99', undefined, 412],
  ['GET', '/sessions/ID/stream', undefined, 200],
  ['GET', '/sessions/ID/stream?last_event_id=99', undefined, 412],
  ['GET', '/sessions/ID/stream?last_event_id=x', undefined, 400],
  ['POST', '/sessions/ID/input', HI, 204],
  ['POST', '/sessions/ID/input', { type: 'interrupt' }, 204],
  ['POST', '/sessions/ID/input', { type: 'set_model', model: 'opus' }, 204],
  ['POST', '/sessions/ID/input', MODE, 403],
  ['POST', '/sessions/ID/input', REPLY, 409],
  ['POST', '/sessions/ID/input', { type: 'nonsense' }, 400],
  ['DELETE', '/sessions/ID', undefined, 204],
] as const;
const OF_ONE_SESSION = ROUTES.filter(([, path]) => path.includes('ID'));
const INVALID_TOKENS = [
  ['no token', null],
  ['an empty token', ''],
  ['a wrong token', 'wrong'],
  ['an expired token', 'ann-expired'],
  ['a token that is not a JWT', 'a.b.c'],
] as const;

/** Accepts the tokens `ann-…` and `bob-…`, unless they have expired. */
function verify({ headers }: AgentWebkitRequest): Caller | null {
  const [, id, rest] = /^Bearer (ann|bob)-(\w+)$/.exec(String(headers['authorization'])) ?? [];
  if (rest === 'expired') throw new Error(`jwt expired: ${String(headers['authorization'])}`);
  return id === undefined ? null : { id };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** An answer without its date, which differs between equal answers. */
const comparable = ({ status, headers, body }: Answer) => {
  const kept = [...headers].filter(([name]) => name !== 'date');
  return { status, headers: new Map(kept), body };
};

describe.each(ADAPTERS)('Access control on %s', (adapter) => {
  describe.each(['memory', 'SQLite'])('for sessions in %s', (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'matrix-'));
    let server: TestApp;
    let agents: ReturnType<typeof fakeAgents>;
    let storage: StorageProvider;
    const start = async () => {
      agents = fakeAgents();
      storage =
        kind === 'memory'
          ? (storage ?? new MemoryStorage())
          : new SqliteStorage({ file: join(folder, 'sessions.db') });
      server = await startApp(
        { agent: { sdkFactory: agents.factory }, auth: { verify }, storage },
        { adapter },
      );
    };
    const ask = async (
      [method, path, body]: (typeof ROUTES)[number],
      id: string,
      token: string | null,
    ): Promise<Answer> => {
      const headers: Record<string, string> =
        token === null ? {} : { authorization: `Bearer ${token}` };
      const place = path.replace('ID', id);
      if (!path.includes('/stream')) return server.request(method, place, body, headers);
      const stream = await server.stream(id, headers, place.split('/stream')[1]);
      const head = { status: stream.status, headers: new Headers(stream.headers as never) };
      if (stream.status === 200) {
        stream.close();
        return { ...head, body: {} };
      }
      await stream.ended();
      return { ...head, body: stream.json() as Record<string, unknown> };
    };
    const create = async () => {
      const { body } = await server.request('POST', '/sessions', {}, bearer('ann-1'));
      return String(body['session_id']);
    };
    const list = async (token: string) =>
      (await server.request('GET', '/sessions', undefined, bearer(token))).body['sessions'];
    beforeAll(start);
    afterEach(async () => {
      for (const session of (await list('ann-1')) as { session_id: string }[]) {
        await server.request(
          'DELETE',
          `/sessions/${session.session_id}`,
          undefined,
          bearer('ann-1'),
        );
      }
    });
    afterAll(async () => {
      await server.close();
      rmSync(folder, { recursive: true });
    });

    it.each(INVALID_TOKENS)('answers 401 to every request with %s', async (_, token) => {
      const id = await create();
      const before = await list('ann-1');
      const first = comparable(await ask(['GET', '/sessions', undefined, 200], '', token));
      expect(first).toMatchObject(
        refused(401, 'unauthorized', /^Authentication failed. Send a valid token/),
      );
      for (const route of ROUTES) {
        for (const known of [id, randomUUID()]) {
          expect(comparable(await ask(route, known, token))).toEqual(first);
        }
      }
      expect(await list('ann-1')).toEqual(before);
      expect(agents.newest().inputs).toEqual([]);
    });

    it.each(OF_ONE_SESSION)('hides a session from other callers: %s %s %j', async (...route) => {
      const id = await create();
      const before = await list('ann-1');
      const unknown = comparable(await ask(route, randomUUID(), 'bob-1'));
      const [, , , own] = route;
      // A malformed request is rejected for any session.
      if (own !== 400) expect(unknown).toMatchObject(refused(404, 'session_not_found', /./));
      expect(comparable(await ask(route, id, 'bob-1'))).toEqual(unknown);
      expect(comparable(await ask(route, randomUUID(), 'ann-1'))).toEqual(unknown);
      expect(await list('ann-1')).toEqual(before);
      expect(await list('bob-1')).toEqual([]);
      expect(agents.newest().inputs).toEqual([]);
      expect(agents.newest().calls).toEqual([]);
    });

    it.each(ROUTES)(
      'permits the owner of a session, with any of their tokens: %s %s %j',
      async (...route) => {
        const id = await create();
        expect((await ask(route, id, 'ann-2')).status).toBe(route[3]);
      },
    );

    it('is the same after a restart, when the session is only in the storage', async () => {
      if (kind === 'memory') return;
      const id = await create();
      await server.close();
      await start();
      for (const route of OF_ONE_SESSION) {
        const unknown = comparable(await ask(route, randomUUID(), 'bob-1'));
        expect(comparable(await ask(route, id, 'bob-1'))).toEqual(unknown);
        for (const [, token] of INVALID_TOKENS)
          expect((await ask(route, id, token)).status).toBe(401);
      }
      expect(server.registry.size).toBe(0);
      for (const route of OF_ONE_SESSION) {
        expect((await ask(route, id, 'ann-1')).status).toBe(route[3]);
      }
      expect(await list('ann-1')).toEqual([]);
    });
  });
});
