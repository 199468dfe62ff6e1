import { expect, it } from '@jest/globals';
import type { RealServer } from '../durability/real-server.js';
import { eventually } from '../support/eventually.js';
import { JointClient } from '../support/joint-client.js';
import { type Client, count } from './client.js';
import { describeCluster, type World } from './world.js';

/** The ids of a session's stored events after one. */
async function storedAfter(client: Client, server: RealServer, id: string, after: number) {
  return (await client.events(server, id)).map((event) => event.id).filter((one) => one > after);
}

async function open(world: World, server: RealServer, cursor?: string): Promise<JointClient> {
  const headers = cursor === undefined ? {} : { 'last-event-id': cursor };
  const stream = await JointClient.open(`${server.url}/stream`, headers);
  await world.keep(Promise.resolve({ remove: async () => stream.close() }));
  await stream.next('stream_start');
  return stream;
}

describeCluster('the stream of all sessions at one server', (world) => {
  it('has the sessions of another server, and goes on when that is killed in a turn', async () => {
    const site = await world.open();
    const client = world.client();
    const first = await client.create(site.at(0));
    const stream = await open(world, site.at(1));
    const second = await client.create(site.at(0));
    await stream.next('session_created', second);
    await client.say(site.at(0), first, 'long');
    await client.say(site.at(2), second, 'long');
    await stream.next('message_delta', first);
    await stream.next('message_delta', second);

    await site.at(0).kill();
    for (const id of [first, second]) {
      // oxlint-disable-next-line no-await-in-loop -- both
      await stream.next('result', id);
      const stored = await storedAfter(client, site.at(1), id, id === first ? 1 : 0); // oxlint-disable-line no-await-in-loop
      await stream.until(() => stream.idsOf(id).length >= stored.length); // oxlint-disable-line no-await-in-loop
      expect(stream.idsOf(id)).toEqual(stored);
      const errors = stream.events.filter(
        ({ event, session }) => event === 'error' && session === id,
      );
      expect(errors.map(({ payload }) => payload['code'])).toEqual(['turn_interrupted']);
    }
    expect(stream.names()).not.toContain('stream_gap');
    await client.ask(site.at(2), 'DELETE', `/sessions/${first}`);
    await stream.next('session_deleted', first);
    expect(stream.names(first).slice(-2)).toEqual(['done', 'session_deleted']);
  }, 90_000);

  it('resumes at another server from the same cursor, also without a bus', async () => {
    const site = await world.open({ servers: 2, bus: 'none' });
    const client = world.client();
    const [a, b] = [await client.create(site.at(0)), await client.create(site.at(1))];
    const before = await open(world, site.at(0));
    await client.say(site.at(0), a, 'fail one');
    await client.say(site.at(1), b, 'fail two');
    await before.next('turn_start', a);
    await before.next('turn_start', b);
    const { cursor } = before;
    await site.at(0).kill();
    const after = await open(world, site.at(1), cursor);
    const isOver = async (id: string) => count(await client.events(site.at(1), id), 'result') >= 1;
    for (const id of [a, b]) {
      await after.until(
        () => after.names(id).includes('result') || before.names(id).includes('result'),
      ); // oxlint-disable-line no-await-in-loop
      expect(await isOver(id)).toBe(true); // oxlint-disable-line no-await-in-loop
      const stored = await storedAfter(client, site.at(1), id, 1); // oxlint-disable-line no-await-in-loop
      const received = () => new Set([...before.idsOf(id), ...after.idsOf(id)]);
      await after.until(() => received().size >= stored.length); // oxlint-disable-line no-await-in-loop
      expect([...received()].sort((x, y) => x - y)).toEqual(stored);
    }
    expect(after.names()).not.toContain('stream_gap');
  }, 90_000);

  it('goes on while its server ends its turns, and at another one without a gap', async () => {
    const site = await world.open();
    const client = world.client();
    const id = await client.create(site.at(0));
    const own = await open(world, site.at(0));
    const other = await open(world, site.at(1));
    await client.say(site.at(0), id, 'permission');
    const { payload } = await own.next('permission_request', id);

    const stopped = site.at(0).stop();
    await eventually(
      async () => (await client.ask(site.at(0), 'GET', '/health/ready')).status === 503,
    );
    const elsewhere = await client.create(site.at(1));
    await own.next('session_created', elsewhere);
    const { correlation_id } = payload;
    const reply = { type: 'permission_response', correlation_id, behavior: 'allow' };
    expect((await client.input(site.at(0), id, reply)).status).toBe(204);
    await own.next('result', id);
    expect(await stopped).toBe(0);
    await own.ended();
    expect(own.isCut).toBe(false);

    const resumed = await open(world, site.at(1), own.cursor);
    await client.say(site.at(2), id, 'hello');
    await other.next('result', id, 2);
    const stored = await storedAfter(client, site.at(1), id, 1);
    const received = () => [...new Set([...own.idsOf(id), ...resumed.idsOf(id)])];
    await resumed.until(() => received().length >= stored.length);
    expect(received().sort((x, y) => x - y)).toEqual(stored);
    await other.until(() => other.idsOf(id).length >= stored.length);
    expect(other.idsOf(id)).toEqual(stored);
    for (const stream of [own, resumed, other]) expect(stream.names()).not.toContain('stream_gap');
  }, 90_000);
});
