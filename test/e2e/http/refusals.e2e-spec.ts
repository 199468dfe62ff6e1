import { randomUUID } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/start-app.js';

/** How many requests are rejected. A larger number detects a smaller leak. */
const REFUSALS = Number(process.env['REFUSALS'] ?? 12_000);
const CONNECTIONS = 16;
/** Exceeded when each rejected request leaves a few hundred bytes in memory. */
const MAX_GROWTH_BYTES = 4_000_000 + REFUSALS * 20;

const STATUSES = [400, 401, 403, 404, 409, 412, 413, 429];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const usedBytes = (): number => {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
};

describe.each(ADAPTERS)('Rejected requests on %s', (adapter) => {
  const pool = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const agents = fakeAgents();
  let server: TestApp;
  let id: string;
  beforeAll(async () => {
    server = await startApp(
      {
        agent: { sdkFactory: agents.factory, models: ['haiku'] },
        auth: { tokens: ['ann:a', 'bob:b'] },
        limits: { maxTextLength: 10, maxCreationsPerMinute: 1, maxSessionsPerOwner: 1 },
      },
      { adapter, headers: { authorization: 'Bearer a' } },
    );
    id = await server.createSession();
  });
  afterAll(async () => {
    pool.destroy();
    await server.close();
  });

  const send = (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<number> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const sent = { authorization: 'Bearer a', ...type, ...headers };
      const outgoing = httpRequest(
        { method, hostname, port, path, agent: pool, headers: sent },
        (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? '' : JSON.stringify(body));
    });

  /** Sends a request that is rejected and differs from all earlier ones. */
  const refusal = (n: number): Promise<number> => {
    const fresh = randomUUID();
    const input = `/sessions/${id}/input`;
    const message = { type: 'user_message', message_id: fresh };
    const reply = { type: 'permission_response', behavior: 'allow', correlation_id: fresh };
    const key = { 'idempotency-key': fresh };
    const all: [string, string, unknown?, Record<string, string>?][] = [
      ['GET', '/sessions', undefined, { authorization: `Bearer ${fresh}` }],
      ['POST', '/sessions', {}, key],
      ['POST', '/sessions', { model: fresh }, key],
      ['POST', '/sessions', { [fresh]: fresh, cwd: fresh }, key],
      ['GET', `/sessions/${fresh}`],
      ['GET', `/sessions/${fresh}/stream`],
      ['DELETE', `/sessions/${id}`, undefined, { authorization: 'Bearer b' }],
      ['POST', input, { type: fresh }],
      ['POST', input, { ...message, content: fresh }, key],
      ['POST', input, { ...message, content: [] }, key],
      ['POST', input, reply, key],
      ['GET', `/sessions/${id}/stream`, undefined, { 'last-event-id': String(1000 + n) }],
      ['GET', `/sessions?cursor=${fresh}`],
    ];
    const [method, path, body, headers = {}] = all[n % all.length] ?? ['GET', '/'];
    return send(method, path, body, headers);
  };

  const refuseMany = async (count: number): Promise<Set<number>> => {
    const statuses = new Set<number>();
    let next = 0;
    const client = async () => {
      while (next < count) {
        next += 1;
        // oxlint-disable-next-line no-await-in-loop -- one after the other, on one connection
        statuses.add(await refusal(next));
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
    return statuses;
  };

  it(
    'leave nothing in memory',
    async () => {
      await refuseMany(2000);
      const before = usedBytes();
      const statuses = await refuseMany(REFUSALS);
      const grown = usedBytes() - before;
      expect([...statuses].sort((a, b) => a - b)).toEqual(STATUSES);
      expect(grown).toBeLessThan(MAX_GROWTH_BYTES);
      expect(server.registry.size).toBe(1);
      expect(agents.agents).toHaveLength(1);
      expect((await server.info(id))['last_id']).toBe(1);
    },
    60_000 + REFUSALS * 5,
  );
});
