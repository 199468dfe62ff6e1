import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.js';
import { Program, type ProgramOptions } from '../support/program.js';
import { SseClient } from '../support/sse-client.js';

/** Runs in every server: ways to make it write to its log, and to make it crash. */
const PRELOADED = `
  process.on('SIGUSR2', () => {
    process.stdout.write('a line to stdout\\n');
    process.stderr.write('a line to stderr\\n');
  });
  process.on('SIGURG', () => {
    for (let count = 0; count < 2000; count += 1) process.stdout.write('x'.repeat(100) + '\\n');
  });
  process.on('SIGALRM', () => { throw new Error('a defect'); });
  process.on('SIGVTALRM', () => { Promise.reject(new Error('a defect')); });`;

/** Signals for the server, see above. */
export const WRITE_LINES = 'SIGUSR2';
/** More than a terminal or a pipe holds. */
export const WRITE_MANY_LINES = 'SIGURG';
export const THROW = 'SIGALRM';
export const REJECT = 'SIGVTALRM';

/** The built standalone server with the demo agent, started by a line of bash. */
export class ServerProcess {
  static readonly #programs = new Set<Program>();
  readonly url: string;
  readonly program: Program;

  private constructor(port: number, program: Program) {
    this.url = `http://127.0.0.1:${port}`;
    this.program = program;
  }

  /**
   * Starts a server without waiting for it.
   *
   * @param line runs in bash, where `"$@"` is the command of the server
   */
  static async run(
    sources: CompiledSources,
    line = 'exec "$@"',
    { env, ...options }: ProgramOptions = {},
  ): Promise<ServerProcess> {
    const port = await findFreePort();
    const command = [process.execPath, sources.path('src/main.ts')];
    const program = new Program('bash', ['-c', line, 'bash', ...command], {
      ...options,
      env: {
        NO_COLOR: '1',
        PORT: String(port),
        AGENT_WEBKIT_NO_AUTH: '1',
        AGENT_WEBKIT_AGENT: 'demo',
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PRELOADED)}`,
        ...env,
      },
    });
    ServerProcess.#programs.add(program);
    return new ServerProcess(port, program);
  }

  /** Starts a server, and resolves when it answers. */
  static async start(...args: Parameters<typeof ServerProcess.run>): Promise<ServerProcess> {
    const server = await ServerProcess.run(...args);
    await server.answers();
    return server;
  }

  /** Kills the servers that a failed test has left. */
  static async killAll(): Promise<void> {
    const programs = [...ServerProcess.#programs];
    ServerProcess.#programs.clear();
    await Promise.all(programs.map((program) => program.kill()));
  }

  /** Resolves when it answers. @throws Error when it has ended */
  async answers(): Promise<void> {
    await eventually(async () => {
      const { status, output } = this.program;
      if (status !== null) throw new Error(`The server has ended (${status}): ${output}`);
      return (await fetch(`${this.url}/openapi.json`).catch(() => null))?.ok;
    });
  }

  post(path: string, body: object): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async createSession(): Promise<string> {
    const answer = await this.post('/sessions', {});
    const { session_id: id } = (await answer.json()) as { session_id: string };
    return id;
  }

  stream(id: string): Promise<SseClient> {
    return SseClient.open(`${this.url}/sessions/${id}/stream`);
  }

  /** Sends a message to a new session, and resolves when its turn has ended. */
  async serveTurn(): Promise<void> {
    const id = await this.createSession();
    const stream = await this.stream(id);
    await this.post(`/sessions/${id}/input`, { type: 'user_message', content: 'hello' });
    await stream.next('result');
    stream.close();
  }
}
