import { expect, it } from '@jest/globals';
import { checkIds } from '../durability/verify.js';
import { ask, type Answer } from '../support/ask.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';
import { SseClient, type SseEvent } from '../support/sse-client.js';
import { count } from './client.js';
import { interruptedWithin } from './interrupted.js';
import { describeCluster } from './world.js';

/** How long the event loop is blocked, in milliseconds, and the lease that ends meanwhile. */
const BLOCKED_MS = 8000;
const LEASE_MS = '3000';

/** A Nest app whose own code uses the sessions. */
class HostApp {
  private constructor(
    readonly url: string,
    readonly program: Program,
  ) {}

  static async start(sources: CompiledSources, env: Record<string, string>): Promise<HostApp> {
    const program = Program.node(sources.path('test/cluster/host/main.ts'), [], {
      env: { NO_COLOR: '1', ...env },
    });
    const [, url = ''] = await program.says(/^Listening on (\S+)$/m);
    return new HostApp(url, program);
  }

  ask(method: string, path: string, body?: object, caller = 'anonymous'): Promise<Answer | null> {
    return ask(this.url + path, { method, body, headers: { caller }, timeoutMs: 20_000 });
  }

  /** How often its hooks were called. */
  hooks(name: string): number {
    return this.program.lines.filter((line) => line.startsWith(`HOOK ${name}`)).length;
  }

  remove(): Promise<void> {
    return this.program.kill();
  }
}

const parsed = (answer: Answer | null) => JSON.parse(answer?.body ?? 'null') as unknown;

async function eventsAt(app: HostApp, id: string): Promise<SseEvent[]> {
  const page = parsed(await app.ask('GET', `/host/${id}/events`)) as { events: SseEvent[] };
  return page.events;
}

describeCluster('two Nest apps with code of their own', (world) => {
  async function start(): Promise<[HostApp, HostApp]> {
    const sources = await world.keep(CompiledSources.create(['src', 'test/cluster/host']));
    const env = { DATABASE: await world.createDatabase(), LEASE_MS };
    const first = await world.keep(HostApp.start(sources, env));
    return [first, await world.keep(HostApp.start(sources, env))];
  }

  it('use a session at either of them, with each hook called once, where it belongs', async () => {
    const [owner, other] = await start();
    const { id } = parsed(await owner.ask('POST', '/host')) as { id: string };
    const message = { type: 'user_message', content: 'permission' };
    expect((await other.ask('POST', `/host/${id}/send`, message))?.status).toBe(204);
    const events = await eventually(
      () => eventsAt(other, id),
      (all) => count(all, 'permission_request') === 1,
    );
    const request = events.find(({ event }) => event === 'permission_request');
    const correlation_id = request?.data['correlation_id'];
    const reply = { type: 'permission_response', correlation_id, behavior: 'allow' };
    expect((await other.ask('POST', `/host/${id}/send`, reply))?.status).toBe(204);
    expect((await other.ask('POST', `/host/${id}/send`, reply))?.status).toBe(409);

    const whole = await eventually(
      () => eventsAt(other, id),
      (all) => count(all, 'result') === 1,
    );
    const watched = await other.ask('GET', `/host/${id}/watch?count=${whole.length}`);
    expect(parsed(watched)).toEqual(whole);
    expect(parsed(await owner.ask('GET', `/host/${id}/events`))).toMatchObject({ events: whole });
    expect((await other.ask('POST', `/host/${id}/budget`, { usd: 5 }))?.status).toBe(204);

    // Of another caller: decided by the server that receives the request.
    expect((await other.ask('GET', `/host/${id}`, undefined, 'eve'))?.status).toBe(404);
    expect((await other.ask('GET', `/host/${id}`, undefined, 'bob'))?.status).toBe(200);
    const list = await other.ask('GET', '/host');
    expect(parsed(list)).toMatchObject({ sessions: [{ session_id: id }] });

    expect([owner.hooks('configureSession'), other.hooks('configureSession')]).toEqual([1, 0]);
    expect([owner.hooks('onDecision allowed by anonymous'), other.hooks('onDecision')]).toEqual([
      1, 0,
    ]);
    expect(owner.hooks('canAccess')).toBe(0);
    expect(other.hooks('canAccess')).toBeGreaterThan(0);

    expect((await other.ask('DELETE', `/host/${id}`))?.status).toBe(204);
    expect((await owner.ask('GET', `/host/${id}`))?.status).toBe(404);
  }, 90_000);

  it('go on with the sessions of one whose event loop is blocked, and that one does no harm later', async () => {
    const [owner, other] = await start();
    const { id } = parsed(await owner.ask('POST', '/host')) as { id: string };
    const reader = await SseClient.open(`${other.url}/sessions/${id}/stream`);
    // A server that has just started takes nothing over before it has had its own lease for that long.
    await other.ask('POST', `/host/${id}/send`, { type: 'user_message', content: 'fail' });
    await reader.next('result');
    await other.ask('POST', `/host/${id}/send`, { type: 'user_message', content: 'long' });
    await reader.until(() => count(reader.events, 'turn_start') === 2);

    const blockedAt = performance.now();
    const blocked = owner.ask('GET', `/host/block?ms=${BLOCKED_MS}`);
    await interruptedWithin(reader, blockedAt, 'blocked');
    expect(
      (await other.ask('POST', `/host/${id}/send`, { type: 'user_message', content: 'fail' }))
        ?.status,
    ).toBe(204);
    await reader.until(() => count(reader.events, 'result') === 3);

    expect((await blocked)?.status).toBe(200);
    // What it reads now is of the server that took the session over.
    const last = await owner.ask('POST', `/host/${id}/send`, {
      type: 'user_message',
      content: 'fail',
    });
    expect(last?.status).toBe(204);
    await reader.until(() => count(reader.events, 'result') === 4);
    const stored = await eventsAt(owner, id);
    expect(stored.map(({ event }) => event)).toEqual(reader.events.map(({ event }) => event));
    expect(checkIds(reader.events)).toEqual([]);
    expect(count(reader.events, 'turn_start')).toBe(4);
    reader.close();
  }, 90_000);
});
