import { afterEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, type ExecutionContext, Logger } from '@nestjs/common';
import { AgentWebkitModule } from '../../../src/agent-webkit/agent-webkit.module.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import type { AgentWebkitRequest } from '../../../src/agent-webkit/options/groups/top-level.js';
import type { Caller } from '../../../src/agent-webkit/engine/caller.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { latch } from '../../support/latch.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/start-app.js';

interface Member extends Caller {
  team?: string;
}

/** The authenticated callers of the running test, by the value of their header. */
const members = new Map<string, Member>();
let verifications = 0;

function memberOf({ headers }: AgentWebkitRequest): Member | null {
  verifications += 1;
  return members.get(String(headers['x-member'])) ?? null;
}

class MembersGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AgentWebkitRequest & { user?: unknown }>();
    request.user = memberOf(request);
    return request.user !== null;
  }
}

const as = (member: string) => ({ 'x-member': member });

const goesOn = async () => {
  const before = verifications;
  await eventually(() => verifications > before + 4);
};

describe.each(ADAPTERS)('the re-authentication of a stream on %s', (adapter) => {
  let server: TestApp;
  const { factory: sdkFactory } = fakeAgents();
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    members.clear();
    members.set('ann', { id: 'ann' }).set('ann2', { id: 'ann' });
    server = await startApp(
      {
        auth: { verify: memberOf },
        ...options,
        agent: { sdkFactory, ...options.agent },
        stream: { verifyIntervalMs: 5, ...options.stream },
      },
      { adapter },
    );
  };
  const open = async () =>
    String((await server.request('POST', '/sessions', {}, as('ann'))).body['session_id']);
  afterEach(() => server.close());

  it('ends only the streams whose caller is no longer authenticated', async () => {
    await start();
    const id = await open();
    const [one, two] = await Promise.all([
      server.stream(id, as('ann')),
      server.stream(id, as('ann2')),
    ]);
    await goesOn();
    expect([one.isEnded, two.isEnded]).toEqual([false, false]);
    members.delete('ann2');
    await two.ended();
    await goesOn();
    expect(one.isEnded).toBe(false);
    expect((await server.stream(id, as('ann2'))).status).toBe(401);
    const info = await server.request('GET', `/sessions/${id}`, undefined, as('ann'));
    expect(info.body).toMatchObject({ state: 'idle', subscribers: 1 });
  });

  it.each([
    ['is authenticated as another caller', () => ({ id: 'bob' })],
    [
      'cannot be authenticated, because the check rejects',
      () => Promise.reject(new Error('The identity provider is down.')),
    ],
    [
      'cannot be authenticated, because the check throws',
      () => {
        throw new Error('jwt expired');
      },
    ],
  ] as [string, () => Caller | Promise<Caller>][])(
    'ends a stream whose caller %s',
    async (_, later) => {
      let isLater = false;
      await start({
        auth: { verify: () => (isLater ? later() : { id: 'ann' }) },
        hooks: { canAccess: () => true },
      });
      const stream = await server.stream(await open());
      isLater = true;
      await stream.ended();
      expect(stream.names()).toEqual(['session_ready']);
    },
  );

  it('logs that the check threw, without any part of the token', async () => {
    const lines: string[] = [];
    await start({ auth: { verify: ({ headers }) => JSON.parse(String(headers['x-member'])) } });
    const warn = (line: unknown) => void lines.push(String(line));
    Logger.overrideLogger({ log: warn, warn, error: warn });
    const answer = await server.request('GET', '/sessions', undefined, as('hunter2'));
    Logger.overrideLogger(false);
    expect(answer.status).toBe(401);
    expect(lines).toEqual([expect.stringContaining('auth.verify threw')]);
    expect(lines[0]).toContain('SyntaxError');
    expect(lines[0]).not.toContain('hunt');
  });

  it("asks the host's own guard again", async () => {
    members.set('ann', { id: 'ann' });
    const module = AgentWebkitModule.forRoot({
      agent: { sdkFactory },
      stream: { verifyIntervalMs: 5 },
      guard: MembersGuard,
    });
    server = await startApp({}, { adapter, metadata: { imports: [module] } });
    const stream = await server.stream(await open(), as('ann'));
    await goesOn();
    expect(stream.isEnded).toBe(false);
    members.delete('ann');
    await stream.ended();
  });

  it('ends a stream when the session is no longer shared with its caller', async () => {
    let isShared = true;
    await start({ hooks: { canAccess: () => isShared } });
    members.set('bob', { id: 'bob' });
    const id = await open();
    const [own, shared] = await Promise.all([
      server.stream(id, as('ann')),
      server.stream(id, as('bob')),
    ]);
    isShared = false;
    await shared.ended();
    await goesOn();
    expect(own.isEnded).toBe(false);
  });

  it('ends a stream when its caller leaves the team that the session is shared with', async () => {
    await start({ hooks: { canAccess: (_, caller: Member) => caller.team === 'red' } });
    members.set('bob', { id: 'bob', team: 'red' });
    const stream = await server.stream(await open(), as('bob'));
    await goesOn();
    expect(stream.isEnded).toBe(false);
    members.set('bob', { id: 'bob', team: 'blue' });
    await stream.ended();
  });

  it('does not end a stream while the storage fails', async () => {
    const storage = new MemoryStorage();
    await start({ storage, hooks: { canAccess: () => true } });
    members.set('bob', { id: 'bob' });
    const stream = await server.stream(await open(), as('bob'));
    storage.records.get = () => Promise.reject(new Error('The disk is full.'));
    await goesOn();
    expect(stream.isEnded).toBe(false);
  });

  it('asks one question at a time, however long the answer takes', async () => {
    const { released, release } = latch();
    let asked = 0;
    let isSlow = false;
    await start({
      auth: {
        verify: async () => {
          if (isSlow) {
            asked += 1;
            await released;
          }
          return { id: 'ann' };
        },
      },
      stream: { keepAliveMs: 5 },
    });
    const stream = await server.stream(await open());
    isSlow = true;
    await stream.until(() => asked > 0);
    const heard = stream.comments.length;
    await stream.until(() => stream.comments.length > heard + 10);
    expect(asked).toBe(1);
    release();
    await eventually(() => asked > 1);
    expect(stream.isEnded).toBe(false);
  });

  it('stops with the stream, and does not run when verifyIntervalMs is null', async () => {
    await start({ stream: { verifyIntervalMs: null, keepAliveMs: 2 } });
    const stream = await server.stream(await open(), as('ann'));
    const before = verifications;
    await stream.until(() => stream.comments.length > 10);
    expect(verifications).toBe(before);
    await server.close();
    await start();
    const other = await server.stream(await open(), as('ann'));
    await goesOn();
    other.close();
    await eventually(async () => {
      const seen = verifications;
      await new Promise((resolve) => setImmediate(resolve));
      return server.registry.size === 1 && seen === verifications;
    });
  });
});
