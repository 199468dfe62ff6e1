import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { describeOwnPostgres, OwnPostgres } from '../durability/own-postgres.js';
import { RealServer } from '../durability/real-server.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';

describeOwnPostgres('the readiness of a server', () => {
  let sources: CompiledSources;
  let postgres: OwnPostgres;
  let server: RealServer;
  beforeAll(async () => {
    sources = await CompiledSources.create();
    postgres = await OwnPostgres.start();
  }, 60_000);
  afterEach(() => server.close());
  afterAll(async () => {
    await postgres.remove();
    await sources.remove();
  });

  const probe = async (path = 'ready') => {
    const response = await fetch(`${server.url}/health/${path}`);
    const text = await response.text();
    return { status: response.status, ...(text !== '' && (JSON.parse(text) as object)) };
  };

  it('ends while its database is down, and comes back with it', async () => {
    server = new RealServer(sources, {
      AGENT_WEBKIT_AGENT: 'demo',
      AGENT_WEBKIT_STORAGE: postgres.url,
    });
    await server.start();
    expect(await probe()).toEqual({ status: 204 });

    await postgres.kill();
    expect(await probe()).toEqual({
      status: 503,
      statusCode: 503,
      code: 'not_ready',
      message: 'The storage does not work. The log has the cause.',
    });
    // A restart would not help.
    expect(await probe('live')).toEqual({ status: 204 });

    await postgres.restart();
    await eventually(probe, ({ status }) => status === 204);
  }, 60_000);
});
