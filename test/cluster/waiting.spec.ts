import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ask } from '../support/ask.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';
import { rounds } from '../durability/rounds.js';
import { describeCluster } from './world.js';

const SESSIONS = rounds(1000, 'WAITING');
/** How many requests of the test are on their way at the same time. */
const AT_ONCE = 20;

interface Info {
  session_id: string;
  state: string;
  agent: string;
  pending: { correlation_id: string }[];
}

/** A server whose scripted agents wait for people. */
class WaitingServer {
  private constructor(
    readonly url: string,
    readonly program: Program,
  ) {}

  static async start(sources: CompiledSources, env: Record<string, string>) {
    const main = sources.path('test/cluster/host/waiting.ts');
    const program = Program.node(main, [], { env: { NO_COLOR: '1', ...env } });
    const [, url = ''] = await program.says(/^Listening on (\S+)$/m);
    return new WaitingServer(url, program);
  }

  async ask(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await ask(this.url + path, { method, body, timeoutMs: 30_000 });
    if (!answer || answer.status >= 300) throw new Error(`${method} ${path}: ${answer?.body}`);
    return answer.body === '' ? null : JSON.parse(answer.body);
  }

  input(id: string, message: object): Promise<unknown> {
    return this.ask('POST', `/sessions/${id}/input`, message);
  }

  /** Returns the descriptions of all sessions. */
  async list(): Promise<Info[]> {
    const all: Info[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      // oxlint-disable-next-line no-await-in-loop -- one page after the other
      const page = (await this.ask('GET', `/sessions?limit=100${query}`)) as {
        sessions: Info[];
        next_cursor: string | null;
      };
      all.push(...page.sessions);
      cursor = page.next_cursor;
    }
    return all;
  }

  /** Returns the ids of the sessions with an open request, once for each of them. */
  async requests(): Promise<string[]> {
    const all: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      // oxlint-disable-next-line no-await-in-loop -- one page after the other
      const page = (await this.ask('GET', `/requests?limit=100${query}`)) as {
        requests: { session_id: string }[];
        next_cursor: string | null;
      };
      all.push(...page.requests.map(({ session_id: id }) => id));
      cursor = page.next_cursor;
    }
    return all;
  }

  remove(): Promise<void> {
    return this.program.kill();
  }
}

const at = (servers: readonly WaitingServer[], index: number) =>
  servers[index % servers.length] as WaitingServer;

/** Runs a function for each item, some of them at a time. */
async function forEach<Item>(
  items: readonly Item[],
  run: (item: Item, at: number) => Promise<unknown>,
) {
  const left = [...items.entries()];
  const worker = async () => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let next = left.pop(); next; next = left.pop()) await run(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

describeCluster(`${SESSIONS} sessions that wait for people`, (world) => {
  let folder: string;
  let counter: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-webkit-waiting-'));
    counter = join(folder, 'counter');
    writeFileSync(counter, '');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const counted = () => readFileSync(counter, 'utf8').split('\n').filter(Boolean);

  it('need no agent, outlive all servers, and run each call once elsewhere', async () => {
    const sources = await world.keep(CompiledSources.create(['src', 'test/cluster/host']));
    const database = await world.createDatabase();
    const start = (url: string) =>
      world.keep(WaitingServer.start(sources, { DATABASE: url, COUNTER: counter }));
    const before = [await start(database), await start(database)];
    const ids: string[] = [];
    await forEach(Array.from({ length: SESSIONS }), async (_, index) => {
      const server = at(before, index);
      const { session_id: id } = (await server.ask('POST', '/sessions', {})) as Info;
      ids.push(id);
      await server.input(id, { type: 'user_message', content: 'rent', message_id: randomUUID() });
    });
    const isWaiting = ({ state, agent, pending }: Info) =>
      state === 'awaiting' && agent === 'none' && pending.length === 1;
    await eventually(
      () => at(before, 0).list(),
      (all) => all.length === SESSIONS && all.every(isWaiting),
      60_000,
    );
    expect(counted()).toEqual([]);

    await Promise.all(before.map(({ program }) => program.kill()));
    const copy = await world.copyDatabase(database);
    const after = [await start(copy), await start(copy)];
    const waiting = await at(after, 1).list();
    expect(waiting.filter(isWaiting)).toHaveLength(SESSIONS);
    const listed = await at(after, 0).requests();
    expect(listed.toSorted()).toEqual(ids.toSorted());
    await forEach(waiting, async ({ session_id: id, pending: [request] }, index) => {
      const answer = { type: 'permission_response', behavior: 'allow' };
      const correlation_id = request?.correlation_id;
      // An agent may be busy for a moment, and the lease of the killed servers has to lapse.
      await eventually(
        () =>
          at(after, index)
            .input(id, { ...answer, correlation_id })
            .then(
              () => true,
              () => false,
            ),
        (isAccepted) => isAccepted,
        60_000,
      );
    });
    await eventually(
      () => at(after, 0).list(),
      (all) => all.every(({ pending, state }) => pending.length === 0 && state !== 'running'),
      120_000,
    );
    expect(counted().toSorted()).toEqual(ids.toSorted());

    // Each agent remembers its session.
    const [id = ''] = ids;
    await at(after, 0).input(id, {
      type: 'user_message',
      content: 'food',
      message_id: randomUUID(),
    });
    await eventually(
      async () => JSON.stringify(await at(after, 0).ask('GET', `/sessions/${id}`)),
      (info) => info.includes('"awaiting"'),
    );
    const info = (await at(after, 0).ask('GET', `/sessions/${id}`)) as Info;
    const correlation_id = info.pending[0]?.correlation_id;
    await at(after, 1).input(id, { type: 'permission_response', behavior: 'deny', correlation_id });
    await eventually(
      async () => JSON.stringify(await at(after, 0).ask('GET', `/sessions/${id}/events`)),
      (events) => events.includes('rent, food: not paid'),
    );
  }, 400_000);
});
