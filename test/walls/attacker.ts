import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { eventually } from '../support/eventually.js';
import { SseClient } from '../support/sse-client.js';
import type { ToolCall, WallsWorld } from './walls-world.js';

/** A session whose agent calls the tools that the test chooses. Its user permits all of them. */
export class Attacker {
  readonly #world: WallsWorld;
  readonly #headers: Record<string, string>;
  #stream: SseClient | null = null;

  private constructor(
    world: WallsWorld,
    owner: string,
    readonly id: string,
  ) {
    this.#world = world;
    this.#headers = headersOf(world, owner);
  }

  static async open(world: WallsWorld, owner: 'alice' | 'bob', config: object): Promise<Attacker> {
    const answer = await Attacker.create(world, owner, config);
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
    const { session_id: id } = JSON.parse(answer.text) as { session_id: string };
    const attacker = new Attacker(world, owner, id);
    attacker.#stream = await SseClient.open(
      `${world.url}/sessions/${id}/stream`,
      attacker.#headers,
    );
    return attacker;
  }

  /** Asks for a session. */
  static async create(world: WallsWorld, owner: string, config: object) {
    const response = await fetch(`${world.url}/sessions`, {
      method: 'POST',
      headers: { ...headersOf(world, owner), 'content-type': 'application/json' },
      body: JSON.stringify(config),
    });
    return { status: response.status, text: await response.text() };
  }

  /** Lets the agent call tools. Resolves to their results as text, in the order of the calls. */
  async use(calls: readonly Omit<ToolCall, 'id'>[]): Promise<string[]> {
    const text = `attack ${randomUUID()}`;
    const identified = calls.map((call) => ({ ...call, id: `toolu_${randomUUID()}` }));
    this.#world.calls.set(text, identified);
    await this.say(text);
    const request = this.#world.api.requests.findLast(
      (one) => one.text === text && one.toolResults.length > 0,
    );
    return identified.map(({ id }) => {
      const content = request?.toolResults.find((one) => one.tool_use_id === id)?.content ?? '';
      return typeof content === 'string' ? content : JSON.stringify(content);
    });
  }

  /** Runs a bash script. Resolves to its result as text. */
  async bash(command: string): Promise<string> {
    const [result = ''] = await this.use([
      { tool: 'Bash', input: { command, description: 'test', timeout: 110_000 } },
    ]);
    return result;
  }

  /** Sends a message, permits everything, and waits for the end of the turn. */
  async say(content: string): Promise<void> {
    await this.#turn(content, (data) => {
      // An agent that has replaced its own files by links loses its own transcript.
      if (data['code'] !== 'transcript_not_stored') throw new Error(JSON.stringify(data));
    });
  }

  /**
   * Lets the agent call tools that exceed a limit, one in each step. Resolves at the end of the turn to the
   * codes of its errors, and to how it ended.
   */
  async exceed(calls: readonly Omit<ToolCall, 'id'>[]) {
    const text = `exceed ${randomUUID()}`;
    const identified = calls.map((call) => ({ ...call, id: `toolu_${randomUUID()}` }));
    this.#world.steps.set(text, identified);
    const codes: unknown[] = [];
    const { subtype } = await this.#turn(text, ({ code }) => codes.push(code));
    return { text, codes, subtype };
  }

  /** Sends a message, permits everything, and resolves to the data of the result. */
  async #turn(
    content: string,
    onError: (data: Record<string, unknown>) => void,
  ): Promise<Record<string, unknown>> {
    const stream = this.#stream;
    if (!stream) throw new Error('It has no stream.');
    let seen = stream.events.length;
    await this.#post({ type: 'user_message', content });
    for (;;) {
      const at = seen;
      // oxlint-disable-next-line no-await-in-loop -- the next event decides
      await stream.until(() => stream.events.length > at);
      const { event, data } = stream.events[seen]!;
      seen += 1;
      if (event === 'result') return data;
      if (event === 'error') onError(data);
      if (event !== 'permission_request') continue;
      const { correlation_id } = data;
      // oxlint-disable-next-line no-await-in-loop -- the agent waits for it
      await this.#post({ type: 'permission_response', correlation_id, behavior: 'allow' });
    }
  }

  /** The state of the session, such as `dormant`. */
  async state(): Promise<unknown> {
    const response = await fetch(`${this.#world.url}/sessions/${this.id}`, {
      headers: this.#headers,
    });
    return ((await response.json()) as { state: unknown }).state;
  }

  /** Deletes the session. */
  async delete(): Promise<number> {
    const { url } = this.#world;
    const response = await fetch(`${url}/sessions/${this.id}`, {
      method: 'DELETE',
      headers: this.#headers,
    });
    await response.text();
    return response.status;
  }

  /** Kills the processes of the agent, and waits until they are gone. */
  async killAgent(): Promise<void> {
    // Only what this server has started: the id of the session is in the command line.
    for (const pid of await processesWith(this.id)) if (pid > 1) kill(pid);
    await eventually(async () => (await processesWith(this.id)).length === 0);
  }

  /** Runs a bash script by the next process of the agent, after {@link killAgent}. */
  async bashAgain(command: string): Promise<string> {
    return this.bash(command).catch((error: unknown) => {
      // The message may have been accepted before the server noticed the end.
      if (!String(error).includes('agent_crashed')) throw error;
      return this.bash(command);
    });
  }

  close(): void {
    this.#stream?.close();
  }

  async #post(message: object): Promise<void> {
    const response = await fetch(`${this.#world.url}/sessions/${this.id}/input`, {
      method: 'POST',
      headers: { ...this.#headers, 'content-type': 'application/json' },
      body: JSON.stringify(message),
    });
    const text = await response.text();
    if (response.status >= 300) throw new Error(`${response.status} ${text}`);
  }
}

/** The headers of a request of an owner. */
export function headersOf(world: WallsWorld, owner: string): Record<string, string> {
  const token = owner === 'alice' ? `alice-${world.secret}` : `bob-token-${world.id}`;
  return { authorization: `Bearer ${token}` };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with another one.
  }
}

/** Resolves to the ids of the processes with a text in their command lines. */
export async function processesWith(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return line.includes(text) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
