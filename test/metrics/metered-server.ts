import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';

/** The standalone server with the demo agent, in a process of its own. */
export class MeteredServer {
  readonly program: Program;
  readonly #folder: string;
  url = '';
  /** The address of the metrics; empty when they are not served. */
  metricsUrl = '';

  private constructor(program: Program, folder: string) {
    this.program = program;
    this.#folder = folder;
  }

  /** Starts the server, and resolves when it listens or has ended. */
  static async start(
    sources: CompiledSources,
    env: Record<string, string>,
  ): Promise<MeteredServer> {
    const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-metrics-'));
    const program = Program.node(sources.path('src/main.ts'), [], {
      env: {
        NO_COLOR: '1',
        PORT: '0',
        AGENT_WEBKIT_TOKEN: 'ann:api',
        AGENT_WEBKIT_AGENT: 'demo',
        AGENT_WEBKIT_WORKSPACE: folder,
        ...env,
      },
    });
    const server = new MeteredServer(program, folder);
    const said = await program.says(/^Listening on (\S+)$[^]*API: +\S+$/m).catch(() => null);
    server.url = said?.[1] ?? '';
    if (said) await program.says(/^Folders: .*$/m);
    const [, metricsUrl = ''] = /^Metrics: (\S+)$/m.exec(program.output) ?? [];
    server.metricsUrl = metricsUrl;
    return server;
  }

  async call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(this.url + path, {
      method,
      headers: { Authorization: 'Bearer api', 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  /** Plays a turn of the demo agent, with a permission request. Returns the id of the session. */
  async playTurn(): Promise<string> {
    const { session_id: id } = await this.call('POST', '/sessions', {});
    const path = `/sessions/${String(id)}`;
    await this.call('POST', `${path}/input`, { type: 'user_message', content: 'permission' });
    const [asked] = await eventually(
      async () => (await this.call('GET', path))['pending'] as { correlation_id: string }[],
      (pending) => pending.length > 0,
    );
    const reply = { correlation_id: asked?.correlation_id, behavior: 'allow' };
    await this.call('POST', `${path}/input`, { type: 'permission_response', ...reply });
    await eventually(async () => (await this.call('GET', path))['state'] === 'idle');
    return String(id);
  }

  async stop(): Promise<void> {
    await this.program.kill('SIGTERM');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
