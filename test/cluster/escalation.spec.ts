import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ask } from '../support/ask.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';
import { describeCluster } from './world.js';

const SESSIONS = 20;
/** Longer than it takes to open the requests and to kill their server. */
const AFTER_MS = 10_000;

interface Info {
  agent: string;
  pending: { correlation_id: string; escalation?: { at: string }; escalated_to?: string[] }[];
}

/** A server that escalates open requests to its own name. */
class EscalatingServer {
  private constructor(
    readonly url: string,
    readonly program: Program,
  ) {}

  static async start(sources: CompiledSources, env: Record<string, string>) {
    const main = sources.path('test/cluster/host/escalating.ts');
    const program = Program.node(main, [], { env: { NO_COLOR: '1', ...env } });
    const [, url = ''] = await program.says(/^Listening on (\S+)$/m);
    return new EscalatingServer(url, program);
  }

  async ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await ask(this.url + path, { method, body, timeoutMs: 30_000 });
    if (!answer || answer.status >= 300) throw new Error(`${method} ${path}: ${answer?.body}`);
    return JSON.parse(answer.body || 'null') as Answer;
  }

  async open(): Promise<string> {
    const { session_id: id } = await this.ask<{ session_id: string }>('POST', '/sessions', {});
    await this.ask('POST', `/sessions/${id}/input`, { type: 'user_message', content: 'rent' });
    return id;
  }

  infos(ids: readonly string[]): Promise<Info[]> {
    return Promise.all(ids.map((id) => this.ask<Info>('GET', `/sessions/${id}`)));
  }

  /** Returns to whom each session was escalated, once for each event. */
  async escalations(ids: readonly string[]): Promise<string[][]> {
    const pages = await Promise.all(
      ids.map((id) =>
        this.ask<{ events: { event: string; data: { to: string[] } }[] }>(
          'GET',
          `/sessions/${id}/events`,
        ),
      ),
    );
    return pages.map(({ events }) =>
      events.flatMap(({ event, data }) => (event === 'request_escalated' ? data.to : [])),
    );
  }

  remove(): Promise<void> {
    return this.program.kill();
  }
}

const wereEscalated = (infos: Info[]) =>
  infos.every(({ pending: [request] }) => request?.escalated_to);

describeCluster('open requests whose server is killed before they are escalated', (world) => {
  let folder: string;
  let notified: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-webkit-escalation-'));
    notified = join(folder, 'notified');
    writeFileSync(notified, '');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const deliveries = () => [...new Set(readFileSync(notified, 'utf8').split('\n'))].filter(Boolean);

  it('are escalated once by a server that takes them over, also when that one is killed later', async () => {
    const sources = await world.keep(CompiledSources.create(['src', 'test/cluster/host']));
    const database = await world.createDatabase();
    const env = { DATABASE: database, NOTIFIED: notified, AFTER_MS: String(AFTER_MS) };
    const start = (name: string) =>
      world.keep(EscalatingServer.start(sources, { ...env, NAME: name }));
    const first = await start('first');
    const ids = await Promise.all(Array.from({ length: SESSIONS }, () => first.open()));
    const waiting = await eventually(
      () => first.infos(ids),
      (infos) =>
        infos.every(({ agent, pending }) => agent === 'none' && pending[0]?.escalation?.at),
    );
    expect(wereEscalated(waiting)).toBe(false);
    await first.program.kill();
    expect(deliveries()).toEqual([]);

    const second = await start('second');
    const escalated = await eventually(() => second.infos(ids), wereEscalated, 60_000);
    for (const { agent, pending } of escalated) {
      expect([agent, pending[0]?.escalated_to]).toEqual(['none', ['second']]);
    }
    await eventually(() => deliveries().length === SESSIONS);
    await second.program.kill();

    const third = await start('third');
    expect(await third.escalations(ids)).toEqual(ids.map(() => ['second']));
    const [id = ''] = ids;
    const [info] = await third.infos([id]);
    const correlation_id = info?.pending[0]?.correlation_id;
    const reply = { type: 'permission_response', behavior: 'allow', correlation_id };
    await eventually(
      () =>
        third.ask('POST', `/sessions/${id}/input`, reply).then(
          () => true,
          () => false,
        ),
      Boolean,
      60_000,
    );
    await eventually(
      () => third.ask('GET', `/sessions/${id}/events`),
      (page) => JSON.stringify(page).includes('"output":"paid"'),
    );
    expect(await third.escalations(ids)).toEqual(ids.map(() => ['second']));
    expect(
      deliveries()
        .map((line) => line.split(' ', 1).join())
        .toSorted(),
    ).toEqual(ids.toSorted());
  }, 200_000);
});
