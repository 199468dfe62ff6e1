import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { TurnEnded } from '../../src/agent-webkit/engine/engine-observer.js';
import { observeGauges } from '../../src/agent-webkit/telemetry/gauges.js';
import { shareGauges } from '../../src/agent-webkit/telemetry/shared-gauges.js';
import { createMetrics } from '../../src/agent-webkit/telemetry/metrics.js';
import { MeteredProcess } from '../support/metric-reader.js';

const USAGE = {
  input_tokens: 10,
  output_tokens: 20,
  cache_read_input_tokens: 300,
  cache_creation_input_tokens: 4000,
  cost_usd: 0.5,
};

const ended = (fields: Partial<TurnEnded>): TurnEnded => ({
  sessionId: 's1',
  messageId: 'm1',
  durationMs: 1500,
  subtype: 'success',
  isError: false,
  costUsd: 0.5,
  modelUsage: {},
  ...fields,
});

describe('the metrics of turns', () => {
  it('count the tokens of each model, those of the cache as input', async () => {
    const metered = new MeteredProcess();
    const observer = createMetrics(metered.provider.getMeter('test'));
    observer.turnEnded?.(ended({ modelUsage: { 'model-a': USAGE } }));
    const tokens = (type: string) =>
      metered.read('gen_ai.client.token.usage', {
        'gen_ai.token.type': type,
        'gen_ai.response.model': 'model-a',
      });
    expect(await tokens('input')).toMatchObject({ count: 1, sum: 4310 });
    expect(await tokens('output')).toMatchObject({ count: 1, sum: 20 });
  });

  it('tell failed turns apart by their reason, in seconds', async () => {
    const metered = new MeteredProcess();
    const observer = createMetrics(metered.provider.getMeter('test'));
    observer.turnEnded?.(ended({}));
    observer.turnEnded?.(ended({ subtype: 'error_max_turns', isError: true, durationMs: 250 }));
    observer.turnEnded?.(ended({ durationMs: null }));
    const failed = { 'error.type': 'error_max_turns' };
    expect(await metered.read('agent_webkit.turn.duration', failed)).toMatchObject({ sum: 0.25 });
    expect(await metered.read('agent_webkit.turn.duration')).toMatchObject({ count: 1, sum: 1.5 });
    expect(await metered.read('agent_webkit.cost')).toBe(1.5);
  });

  it('have a bound on the number of models', async () => {
    const metered = new MeteredProcess();
    const observer = createMetrics(metered.provider.getMeter('test'));
    for (let number = 0; number < 200; number += 1) {
      observer.turnEnded?.(ended({ modelUsage: { [`model-${number}`]: USAGE } }));
    }
    const { points = [] } = (await metered.collect()).get('gen_ai.client.token.usage') ?? {};
    const models = new Set(points.map(({ attributes }) => attributes['gen_ai.response.model']));
    expect(models.size).toBe(51);
    expect(models.has('other')).toBe(true);
  });
});

const census =
  (sessions: number, oldestRequestMs: number, isStorageInTrouble: boolean) => async () => ({
    sessions: { idle: sessions },
    agents: { running: sessions, warm: 1, free: 2, max: 10, waiting: 0 },
    queued: 1,
    uncommitted: 0,
    requests: { permission_request: sessions },
    oldestRequestMs,
    isStorageInTrouble,
    subscribers: 2,
    waitingBytes: 10,
    maxLag: sessions,
    joint: { subscribers: 1, waitingBytes: 5, maxLag: 2 * sessions },
  });

describe('the gauges of several engines with one provider', () => {
  it('are added up, until each engine has stopped', async () => {
    const metered = new MeteredProcess();
    const { provider } = metered;
    const read = async () => [
      await metered.read('agent_webkit.sessions', { 'agent_webkit.session.state': 'idle' }),
      await metered.read('agent_webkit.agents', { 'agent_webkit.agent.state': 'free' }),
      await metered.read('agent_webkit.requests.oldest_age'),
      await metered.read('agent_webkit.storage.outage'),
      await metered.read('agent_webkit.subscribers', { 'agent_webkit.stream.scope': 'caller' }),
      await metered.read('agent_webkit.subscribers.lag', { 'agent_webkit.stream.scope': 'caller' }),
    ];
    const endFirst = shareGauges(provider, provider.getMeter('test'), census(5, 9000, true));
    const endSecond = shareGauges(provider, provider.getMeter('test'), census(3, 2000, false));
    expect(await read()).toEqual([8, 4, 9, 1, 2, 10]);
    endFirst();
    expect(await read()).toEqual([3, 2, 2, 0, 1, 6]);
    endSecond();
    const again = shareGauges(provider, provider.getMeter('test'), census(7, 0, false));
    expect(await read()).toEqual([7, 2, 0, 0, 1, 14]);
    again();
  });
});

describe('docs/metrics.md', () => {
  it('lists every metric of the module, with its unit', () => {
    const created: string[] = [];
    const meter = new Proxy(
      {},
      {
        get:
          () =>
          (name: unknown, options: { unit?: string } = {}) => {
            if (typeof name === 'string') created.push(`\`${name}\` | \`${options.unit}\``);
            return {};
          },
      },
    ) as Parameters<typeof createMetrics>[0];
    createMetrics(meter);
    observeGauges(meter, () => Promise.reject(new Error('not read')));
    const text = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const listed = text.match(/^\| `[\w.]+` +\| `[^`]+`/gm) ?? [];
    const names = listed.map((row) => row.slice(2).replace(/ +\|/, ' |'));
    expect(names.filter((name) => /agent_webkit|gen_ai/.test(name)).sort()).toEqual(created.sort());
  });
});
