import { afterEach, describe, expect, it } from '@jest/globals';
import { JointClient } from '../../support/joint-client.js';
import { startFakeApp, type TestApp } from '../../support/start-app.js';

const FOLLOWED = 500;
/** At the same time, so that the test takes seconds. */
const AT_ONCE = 20;

const named = (client: JointClient) =>
  (client.events[0]!.payload['sessions'] as { session_id: string }[]).map((one) => one.session_id);

describe('GET /stream of a caller with more sessions than a stream follows', () => {
  let server: TestApp;
  const clients: JointClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await server.close();
  });

  const open = async (headers: Record<string, string> = {}) => {
    const client = await JointClient.open(`${server.url}/stream`, headers);
    clients.push(client);
    await client.next('stream_start');
    return client;
  };
  const create = async () =>
    String((await server.request('POST', '/sessions', {})).body['session_id']);
  const say = (id: string) => server.input(id, { type: 'user_message', content: 'go' });
  const stored = async (id: string) => {
    const { body } = await server.request('GET', `/sessions/${id}/events`);
    return (body['events'] as { id: number }[]).map((event) => event.id);
  };

  it('says so, and reports the events of the others as a gap before they follow', async () => {
    ({ server } = await startFakeApp({
      limits: { maxCreationsPerMinute: 10_000, maxSessionsPerOwner: 10_000 },
      timeouts: { idleTimeoutMs: 20 },
    }));
    const [first, second] = [await create(), await create()];
    for (let n = 0; n < FOLLOWED; n += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, create)); // oxlint-disable-line no-await-in-loop -- a bounded number at a time
    }
    const client = await open();
    expect(client.events[0]!.payload['complete']).toBe(false);
    expect(new Set(named(client)).size).toBe(FOLLOWED);
    expect(named(client)).not.toContain(first);
    expect(named(client)).not.toContain(second);

    // One that is not followed comes into use.
    const before = (await stored(first)).at(-1)!;
    await say(first);
    const gap = await client.next('stream_gap', first);
    const { last_id } = gap.payload as { last_id: number };
    expect(last_id).toBeGreaterThanOrEqual(before);
    const own = await server.request('GET', `/sessions/${first}/events?after=0`);
    const missed = (own.body['events'] as { id: number }[]).map(({ id }) => id);
    await say(first);
    const all = await stored(first);
    await client.until(() => client.idsOf(first).at(-1)! >= all.at(-1)!);
    expect([...missed.filter((id) => id <= last_id), ...client.idsOf(first)]).toEqual(all);

    // Another new one takes a place, too, and its events are all there.
    const created = await create();
    await client.next('session_ready', created);
    await say(created);
    await client.next('user_message', created);
    expect(client.names(created)).not.toContain('stream_gap');

    // The cursor of all that resumes: nothing twice, nothing missing, and the one without a place is a gap again.
    const cursor = await client.settled();
    client.close();
    await say(first);
    await say(second);
    const again = await open({ 'last-event-id': cursor });
    await again.next('user_message', first);
    expect(again.names(first)).not.toContain('stream_gap');
    expect(again.idsOf(first)[0]).toBeGreaterThan(all.at(-1)!);
    expect((await again.next('stream_gap', second)).payload['after_id']).toBe(0);
    expect(new Set(named(again)).size).toBe(FOLLOWED);
  }, 120_000);
});
