import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { MeteredServer } from './metered-server.js';
import { describePrometheus, OwnPrometheus } from './own-prometheus.js';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const RULES = path('../../docs/public/prometheus-alerts.yml');

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[];
}

const { panels } = JSON.parse(
  readFileSync(path('../../docs/public/grafana-dashboard.json'), 'utf8'),
) as Dashboard;

const { groups } = parse(readFileSync(RULES, 'utf8')) as {
  groups: { rules: { alert: string; expr: string }[] }[];
};

/** Replaces what Grafana replaces. */
const asQuery = (expression: string) =>
  expression.replaceAll('$job', 'agents').replaceAll('$__rate_interval', '1m');

const shown = panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => [title, asQuery(expr)] as const),
);
const alerts = groups.flatMap(({ rules }) => rules);

/** Those that have no data while nothing fails, and no agent reports tokens. */
const EMPTY = /agent_ends|token_usage|storage_failures|sessions_loaded|sessions_lost/;

describe('The dashboard and the alerts', () => {
  it('are explained in docs/metrics.md, each alert by its name', () => {
    const text = readFileSync(path('../../docs/metrics.md'), 'utf8');
    expect(alerts.filter(({ alert }) => !text.includes(`\`${alert}\``))).toEqual([]);
  });

  it('name only metrics that docs/metrics.md lists', () => {
    const text = readFileSync(path('../../docs/metrics.md'), 'utf8');
    const listed = new Set(
      [...text.matchAll(/^\| `([\w.]+)`/gm)].map(([, name = '']) => name.replaceAll('.', '_')),
    );
    const used = [...shown.map(([, expr]) => expr), ...alerts.map(({ expr }) => expr)].flatMap(
      (expr) => expr.match(/\b(?:agent_webkit|gen_ai|process|v8js|nodejs)_\w+(?=[{[])/g) ?? [],
    );
    const bare = used.map((name) => name.replace(/_(?:total|bucket|count|sum)$/, ''));
    expect(bare.filter((name) => !listed.has(name))).toEqual([]);
    expect(bare.length).toBeGreaterThan(40);
  });
});

const promtool = (...args: string[]) => execFileSync('promtool', args, { encoding: 'utf8' });

describePrometheus('Prometheus', () => {
  let sources: CompiledSources;
  let server: MeteredServer;
  let prometheus: OwnPrometheus;
  beforeAll(async () => {
    sources = await CompiledSources.create();
    server = await MeteredServer.start(sources, { AGENT_WEBKIT_METRICS_TOKEN: 'scrape' });
    prometheus = await OwnPrometheus.start(server.metricsUrl, RULES);
    // The first samples of counters and histograms have to precede a change of them.
    const played = async (count: number) =>
      eventually(async () => {
        const [sample] = await prometheus.query('sum(agent_webkit_turn_duration_count)');
        return Number(sample?.value[1] ?? 0) >= count;
      });
    for (const count of [1, 2, 3]) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other is collected
      await server.playTurn();
      // oxlint-disable-next-line no-await-in-loop -- so is this
      await server.call('GET', '/sessions/unknown');
      // oxlint-disable-next-line no-await-in-loop -- so is this
      await played(count);
    }
  });
  afterAll(async () => {
    await prometheus.stop();
    await server.stop();
    await sources.remove();
  });

  it('accepts the alert rules, which fire and are silent where they should', () => {
    expect(promtool('check', 'rules', RULES)).toContain('SUCCESS: 9 rules found');
    expect(promtool('test', 'rules', path('alerts.test.yml'))).toContain('SUCCESS');
  });

  it('finds no fault in the format of the metrics', async () => {
    const headers = { Authorization: 'Bearer scrape' };
    const text = await (await fetch(server.metricsUrl, { headers })).text();
    // It exits with 3 for advice about names, which are those of OpenTelemetry, and with 1 for faults.
    try {
      execFileSync('promtool', ['check', 'metrics'], { input: text, stdio: 'pipe' });
    } catch (error) {
      expect((error as { status: number }).status).toBe(3);
    }
  });

  it.each(shown)('has data for the panel %s: %s', async (_, expression) => {
    const samples = await prometheus.query(expression);
    if (!EMPTY.test(expression)) expect(samples.length).toBeGreaterThan(0);
  });

  it.each(alerts)('evaluates the alert $alert, which does not fire', async ({ alert, expr }) => {
    await prometheus.query(expr);
    expect(await prometheus.query(`ALERTS{alertname="${alert}",alertstate="firing"}`)).toEqual([]);
  });

  it('has a target that is up', async () => {
    expect(await prometheus.query('up')).toMatchObject([{ value: [expect.any(Number), '1'] }]);
  });
});
