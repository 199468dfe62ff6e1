import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.js';
import { describeNeeding } from '../support/needs.js';
import { Program } from '../support/program.js';

/** `describe` for tests that start their own Prometheus. */
export const describePrometheus = describeNeeding(findMissing());

function findMissing(): string | null {
  try {
    for (const program of ['prometheus', 'promtool']) {
      execFileSync(program, ['--version'], { stdio: 'ignore' });
    }
    return null;
  } catch {
    return 'There is no prometheus and promtool on the PATH.';
  }
}

/** A sample of the result of a query. */
export interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

/** A Prometheus of one test, on loopback, which collects the metrics of one server each second. */
export class OwnPrometheus {
  readonly #program: Program;
  readonly #folder: string;
  readonly #url: string;

  private constructor(program: Program, folder: string, url: string) {
    this.#program = program;
    this.#folder = folder;
    this.#url = url;
  }

  /** @param target the address of the metrics, with the token `scrape` */
  static async start(target: string, rules: string): Promise<OwnPrometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-prometheus-'));
    const { host, pathname } = new URL(target);
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [
        {
          job_name: 'agents',
          metrics_path: pathname,
          authorization: { credentials: 'scrape' },
          static_configs: [{ targets: [host] }],
        },
      ],
    };
    // JSON is YAML.
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const address = `127.0.0.1:${await findFreePort()}`;
    const program = new Program('prometheus', [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ]);
    const prometheus = new OwnPrometheus(program, folder, `http://${address}`);
    await eventually(async () => {
      if (program.status !== null) throw new Error(program.output);
      return (await fetch(`${prometheus.#url}/-/ready`).catch(() => null))?.ok;
    });
    return prometheus;
  }

  /** Returns the samples of an expression now. @throws Error when Prometheus rejects it */
  async query(expression: string): Promise<Sample[]> {
    const query = new URLSearchParams({ query: expression });
    const response = await fetch(`${this.#url}/api/v1/query?${query.toString()}`);
    const answer = (await response.json()) as {
      status: string;
      error?: string;
      data?: { result: Sample[] };
    };
    if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`);
    return answer.data?.result ?? [];
  }

  async stop(): Promise<void> {
    await this.#program.kill('SIGTERM');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
