import type { CompiledSources } from '../support/compiled-sources.js';
import { Program } from '../support/program.js';
import { connectTo, type ProxiedResponse, type ProxyClient } from './proxy-client.js';

const TOKEN = 'a-token-of-the-proxy-tests';

/** The headers of a request with the server's token. */
export const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

const JSON_BODY = { ...AUTHORIZED, 'content-type': 'application/json' };

/** A server in a process of its own. Its agent writes a chunk of text when the test asks for it. */
export class HeldAgentServer {
  readonly url: string;
  readonly #program: Program;

  private constructor(program: Program, url: string) {
    this.#program = program;
    this.url = url;
  }

  /**
   * @param sources with `src` and `test/proxies`
   * @param keepAliveMs short by default, because some proxies notice a client that has left when they write to it
   */
  static async start(
    sources: CompiledSources,
    keepAliveMs: number | null = 100,
  ): Promise<HeldAgentServer> {
    const program = Program.node(sources.path('test/proxies/held-server.ts'), [], {
      env: { TOKEN, KEEP_ALIVE_MS: JSON.stringify(keepAliveMs) },
    });
    const [, url = ''] = await program.says(/^Listening on (\S+)$/m);
    return new HeldAgentServer(program, url);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Makes the agent of the running turn write a chunk of text. */
  write(text: string): void {
    this.#program.write(`${JSON.stringify(text)}\n`);
  }

  /** Makes the agent end the running turn. */
  endTurn(): void {
    this.#program.write('\n');
  }

  /** Sends a request to the server itself, and reads the whole response. */
  ask(path: string, headers: Record<string, string> = AUTHORIZED): Promise<ProxiedResponse> {
    return readAll(connectTo(this.url), { path, headers });
  }

  async subscribersOf(id: string): Promise<number> {
    const { text } = await this.ask(`/sessions/${id}`);
    return (JSON.parse(text) as { subscribers: number }).subscribers;
  }

  kill(): Promise<void> {
    return this.#program.kill();
  }
}

/** Sends a request and reads the whole response. */
export async function readAll(
  client: ProxyClient,
  request: Parameters<ProxyClient['send']>[0],
): Promise<ProxiedResponse> {
  const response = await client.send(request);
  await response.ended();
  return response;
}

/** Creates a session with partial messages, and returns its id. */
export async function createSession(client: ProxyClient): Promise<string> {
  const { status, text } = await readAll(client, {
    method: 'POST',
    path: '/sessions',
    headers: JSON_BODY,
    body: JSON.stringify({ include_partial_messages: true }),
  });
  if (status !== 200) throw new Error(`${status} ${text}`);
  return (JSON.parse(text) as { session_id: string }).session_id;
}

/** Sends a user message. */
export function postMessage(
  client: ProxyClient,
  id: string,
  content: unknown,
): Promise<ProxiedResponse> {
  return readAll(client, {
    method: 'POST',
    path: `/sessions/${id}/input`,
    headers: JSON_BODY,
    body: JSON.stringify({ type: 'user_message', content }),
  });
}

/** Opens the stream of a session. */
export function openStream(client: ProxyClient, id: string): Promise<ProxiedResponse> {
  return client.send({ path: `/sessions/${id}/stream`, headers: AUTHORIZED });
}
