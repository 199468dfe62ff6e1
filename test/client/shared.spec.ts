import { afterEach, describe, expect, it } from '@jest/globals';
import { scriptedSdkFactory } from '../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { Script } from '../../src/agent-webkit/agents/scripted/script.js';
import { AgentClient, type AgentSession, type DeliveredEvent } from '../../src/client.js';
import { eventually } from '../support/eventually.js';
import { startApp, type TestApp } from '../support/start-app.js';
import { CountingNetwork } from './network.js';

const script: Script = async (turn) => {
  const words = turn.input.text === 'much' ? 2500 : 1;
  await turn.say(Array.from({ length: words }, (_, at) => `${turn.input.text} ${at} `));
};

/** Reads the events of a session, until the test leaves. */
class Reader {
  readonly events: DeliveredEvent[] = [];
  readonly states: string[] = [];
  readonly #leaving = new AbortController();
  readonly ended: Promise<void>;

  constructor(session: AgentSession, after = 0) {
    this.ended = this.#read(session, after);
  }

  get ids(): number[] {
    return this.events.map(({ id }) => id);
  }

  async #read(session: AgentSession, after: number): Promise<void> {
    const onConnection = ({ state }: { state: string }) => this.states.push(state);
    const options = { after, signal: this.#leaving.signal, onConnection };
    for await (const event of session.events(options)) this.events.push(event);
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.ended;
  }
}

const until = (lastId: number) => Array.from({ length: lastId }, (_, at) => at + 1);

/** Waits until a session is idle. Resolves to the id of its last event. */
const settled = async (session: AgentSession): Promise<number> => {
  const { last_id } = await eventually(
    () => session.info(),
    ({ state }) => state === 'idle',
  );
  return last_id;
};

describe('the stream of all sessions in the client', () => {
  let app: TestApp;
  const readers: Reader[] = [];
  const read = (session: AgentSession, after?: number): Reader => {
    const reader = new Reader(session, after);
    readers.push(reader);
    return reader;
  };
  const start = async (options: Parameters<typeof startApp>[0] = {}) => {
    app = await startApp({ agent: { sdkFactory: scriptedSdkFactory(script) }, ...options });
  };
  const connect = (network: CountingNetwork, token?: string) =>
    new AgentClient({
      url: app.url,
      token,
      transport: 'shared',
      backoff: { minMs: 1, maxMs: 10 },
      fetch: network.fetch,
      headers: { connection: 'close' },
    });
  const hasAll = async (reader: Reader, session: AgentSession) => {
    const lastId = await settled(session);
    await eventually(() => reader.ids.at(-1) === lastId);
    expect(reader.ids).toEqual(until(lastId));
  };
  afterEach(async () => {
    await Promise.all(readers.splice(0).map((reader) => reader.leave()));
    await app.close();
  });

  it('carries sessions that are attached and left while it is open over one connection', async () => {
    await start();
    const network = new CountingNetwork();
    const client = connect(network);
    const [one, two] = [await client.create(), await client.create()];
    await one.send('first');
    const [first, second] = [read(one), read(two)];
    await two.send('second');
    await hasAll(first, one);
    await hasAll(second, two);
    await first.leave();
    await one.send('later');
    await two.send('later');
    await hasAll(second, two);
    const again = read(one, first.ids.at(-1));
    const lastId = await settled(one);
    await eventually(() => again.ids.at(-1) === lastId);
    expect([...first.ids, ...again.ids]).toEqual(until(lastId));
    expect(network.count(/^\/stream$/)).toBe(1);
    expect(network.count(/\/stream$/)).toBe(1);
  });

  it('goes on by its position when the connection breaks', async () => {
    await start();
    const network = new CountingNetwork();
    const client = connect(network);
    const sessions = [await client.create(), await client.create(), await client.create()];
    const reading = sessions.map((session) => read(session));
    await eventually(() => reading.every(({ ids }) => ids.length > 0));
    for (const text of ['one', 'two', 'three']) {
      // oxlint-disable-next-line no-await-in-loop -- the connection breaks after each round
      await Promise.all(sessions.map((session) => session.send(text)));
      network.cut();
    }
    await Promise.all(reading.map((reader, at) => hasAll(reader, sessions[at] as AgentSession)));
    expect(reading[0]?.states).toContain('waiting');
    expect(network.count(/^\/sessions\/.*\/stream$/)).toBe(0);
  });

  it('follows a session that is created later, and ends with one that is deleted', async () => {
    await start();
    const network = new CountingNetwork();
    const client = connect(network);
    const first = read(await client.create());
    await eventually(() => first.ids.length > 0);
    const later = await client.create();
    const reader = read(later);
    await later.send('hi');
    await hasAll(reader, later);
    await later.delete();
    await reader.ended;
    expect(reader.events.at(-1)?.event).toBe('done');
    expect(reader.states.at(-1)).toBe('closed');
  });

  it('reads a session of another caller, which is not in it, by a stream of its own', async () => {
    await start({
      auth: { tokens: ['ann:secret-of-ann', 'bob:secret-of-bob'] },
      hooks: { canAccess: () => true },
    });
    const network = new CountingNetwork();
    const theirs = await connect(new CountingNetwork(), 'secret-of-ann').create();
    const client = connect(network, 'secret-of-bob');
    const own = read(await client.create());
    const reader = read(client.attach(theirs.id));
    await theirs.send('hi');
    await hasAll(reader, theirs);
    await eventually(() => own.ids.length > 0);
    expect(network.paths).toContain(`/sessions/${theirs.id}/stream`);
  });

  it('falls back to a stream for each session at a server without it', async () => {
    await start();
    const network = new CountingNetwork();
    network.missing.add('/stream');
    const client = connect(network);
    const session = await client.create();
    const reader = read(session);
    await session.send('hi');
    await hasAll(reader, session);
    const ended: unknown[] = [];
    client.watch({ onConnection() {}, onUpdate() {}, onEnd: (error) => ended.push(error) });
    expect(ended).toEqual([null]);
    expect(network.count(/^\/stream$/)).toBe(1);
  });

  it('keeps a bounded number of events for a slow reader, which misses none', async () => {
    await start({ retention: { maxEvents: 10_000 } });
    const client = connect(new CountingNetwork());
    const session = await client.create({ include_partial_messages: true });
    const ids: number[] = [];
    const other = read(session);
    for await (const { id } of session.events()) {
      ids.push(id);
      if (ids.length === 1) {
        await session.send('much');
        await hasAll(other, session);
      }
      if (id === other.ids.at(-1)) break;
    }
    expect(ids.length).toBeGreaterThan(2000);
    expect(ids).toEqual(other.ids);
  });

  it('tells a listener of sessions that are created, of their events, and of those that are deleted', async () => {
    await start();
    const network = new CountingNetwork();
    const client = connect(network);
    const updates: string[] = [];
    const leave = client.watch({
      onConnection: ({ state }) => updates.push(state),
      onUpdate: ({ event, session_id }) => updates.push(`${event} ${session_id}`),
      onEnd() {},
    });
    await eventually(() => updates.includes('open'));
    const session = await client.create();
    await session.send('hi');
    await eventually(() => updates.includes(`result ${session.id}`));
    await session.delete();
    await eventually(() => updates.includes(`session_deleted ${session.id}`));
    leave();
    expect(updates.slice(0, 4)).toEqual([
      'connecting',
      'open',
      'stream_start null',
      `session_created ${session.id}`,
    ]);
  });
});
