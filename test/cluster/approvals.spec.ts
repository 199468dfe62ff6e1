import { expect, it } from '@jest/globals';
import { ask, type Answer } from '../support/ask.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';
import { describeCluster } from './world.js';

interface Listed {
  session_id: string;
  correlation_id: string;
  approved_by?: string[];
}

/** A server whose payments need three approvals. */
class ApprovingServer {
  private constructor(
    readonly url: string,
    readonly program: Program,
  ) {}

  static async start(sources: CompiledSources, database: string) {
    const main = sources.path('test/cluster/host/approving.ts');
    const program = Program.node(main, [], { env: { NO_COLOR: '1', DATABASE: database } });
    const [, url = ''] = await program.says(/^Listening on (\S+)$/m);
    return new ApprovingServer(url, program);
  }

  ask(caller: string, method: string, path: string, body?: object): Promise<Answer | null> {
    const headers = { authorization: `Bearer ${caller}` };
    return ask(this.url + path, { method, body, headers, timeoutMs: 20_000 });
  }

  /** Returns the open requests of ann's sessions. */
  async requests(): Promise<Listed[]> {
    const answer = await this.ask('ann', 'GET', '/requests');
    return (JSON.parse(answer?.body ?? '') as { requests: Listed[] }).requests;
  }

  approve(caller: string, { session_id: id, correlation_id }: Listed): Promise<Answer | null> {
    const message = { type: 'permission_response', correlation_id, behavior: 'allow' };
    return this.ask(caller, 'POST', `/sessions/${id}/input`, message);
  }

  remove(): Promise<void> {
    return this.program.kill();
  }
}

describeCluster('a request that needs three approvals', (world) => {
  it('is listed by each server with those who have approved it, also after all servers were killed', async () => {
    const sources = await world.keep(CompiledSources.create(['src', 'test/cluster/host']));
    const database = await world.createDatabase();
    const start = () => world.keep(ApprovingServer.start(sources, database));
    const [first, second] = [await start(), await start()];
    const created = await first.ask('ann', 'POST', '/sessions', {});
    const { session_id: id } = JSON.parse(created?.body ?? '') as { session_id: string };
    await first.ask('ann', 'POST', `/sessions/${id}/input`, {
      type: 'user_message',
      content: 'go',
    });
    const [request] = await eventually(
      () => second.requests(),
      (requests) => requests.length === 1,
    );
    expect(request).toMatchObject({ session_id: id, approved_by: [] });
    if (!request) return;
    expect((await second.approve('bob', request))?.status).toBe(204);
    for (const server of [first, second]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await server.requests()).toEqual([{ ...request, approved_by: ['bob'] }]);
    }

    await Promise.all([first.program.kill(), second.program.kill()]);
    const third = await start();
    expect(await third.requests()).toEqual([{ ...request, approved_by: ['bob'] }]);
    // The lease of the killed servers has to lapse.
    const approved = async () => (await third.approve('cy', request))?.status === 204;
    await eventually(approved, Boolean, 30_000);
    const fourth = await start();
    for (const server of [third, fourth]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await server.requests()).toEqual([{ ...request, approved_by: ['bob', 'cy'] }]);
    }
    expect((await fourth.approve('ann', request))?.status).toBe(204);
    for (const server of [third, fourth]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await server.requests()).toEqual([]);
    }
  }, 120_000);
});
