import { randomUUID } from 'node:crypto';
import { claudeSdkFactory } from '../../../src/agent-webkit/agents/claude/claude-sdk-factory.js';
import type { ClaudeConfiguration } from '../../../src/agent-webkit/agents/claude/claude-options.js';
import { createProcessSweep } from '../../../src/agent-webkit/agents/claude/process-sweep.js';
import type {
  AgentClient,
  AgentStart,
  AgentWalls,
  SDKMessage,
} from '../../../src/agent-webkit/engine/agent-client.js';
import { type ClaudeEnv, createClaudeEnv } from '../../support/claude-env.js';
import {
  type FakeMessagesApi,
  type ModelRequest,
  type Reply,
  startFakeMessagesApi,
} from '../../support/fake-messages-api.js';
import { createFolders, WALLS, withoutLaunchers } from '../../support/walls.js';

/** The variable in the environment of everything that the agents of a bench start, which has its marker. */
export const MARKER_VARIABLE = 'BENCH_MARKER';
export const { find: findMarked } = createProcessSweep(MARKER_VARIABLE);

/** A shell command that does not end. The agent rejects a plain `sleep 1000`. */
export const ENDLESS_COMMAND = 'tail -f /dev/null';

/**
 * The model of these tests. The user's text selects its response: `hold` streams a word and stops
 * there, `bash <command>` calls the tool, `ask` asks a question. For any other text it returns the
 * number of user messages that it has seen.
 */
function model({ text, toolResults, messages }: ModelRequest): Reply {
  if (text.startsWith('hold')) {
    return { blocks: [{ text: ['part'] }], hold: new Promise(() => {}) };
  }
  if (toolResults.length > 0) {
    return { blocks: [{ text: `result: ${JSON.stringify(toolResults.at(-1)?.content)}` }] };
  }
  if (text.startsWith('bash ')) {
    return { blocks: [{ tool: 'Bash', input: { command: text.slice(5), description: 'test' } }] };
  }
  if (text.startsWith('ask')) {
    const options = ['red', 'blue'].map((label) => ({ label, description: label }));
    const questions = [
      { question: 'Which colour?', header: 'Colour', options, multiSelect: false },
    ];
    return { blocks: [{ tool: 'AskUserQuestion', input: { questions } }] };
  }
  const turns = messages.filter((message) => message.role === 'assistant').length;
  return { blocks: [{ text: [`heard ${text}`, ` after ${turns}`] }] };
}

/** One agent, with its messages so far and a way to wait for later ones. */
export class Subject {
  readonly sessionId: string;
  readonly seen: SDKMessage[] = [];
  /** Resolves to null when the messages end, and to the error when they throw. */
  readonly ended: Promise<Error | null>;
  readonly #client: AgentClient;
  #position = 0;
  #isOver = false;
  #changed = () => {};

  constructor(client: AgentClient, sessionId: string) {
    this.#client = client;
    this.sessionId = sessionId;
    this.ended = this.#read();
  }

  get client(): AgentClient {
    return this.#client;
  }

  send(content: string): void {
    this.#client.send({ messageId: randomUUID(), content, isCommand: false });
  }

  /** Resolves to the next message of this type (and subtype) that was not returned before. */
  async next(type: string, subtype?: string): Promise<Record<string, unknown>> {
    for (;;) {
      while (this.#position < this.seen.length) {
        const message = this.seen[this.#position++] as unknown as Record<string, unknown>;
        if (message['type'] !== type) continue;
        if (subtype === undefined || message['subtype'] === subtype) return message;
      }
      if (this.#isOver) throw new Error(`The messages ended before a ${type}.`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Sends a message and resolves to the result text of its turn. */
  async turn(content: string): Promise<unknown> {
    this.send(content);
    return (await this.next('result'))['result'];
  }

  /** Resolves when the model has started to answer. */
  async streaming(): Promise<void> {
    await this.next('stream_event');
  }

  async #read(): Promise<Error | null> {
    try {
      for await (const message of this.#client.messages) {
        this.seen.push(message);
        this.#changed();
      }
      return null;
    } catch (error) {
      return error as Error;
    } finally {
      this.#isOver = true;
      this.#changed();
    }
  }
}

/**
 * The bench of a test file: the API, the environment, and all started agents. They have walls where a sandbox
 * works.
 */
export class AgentBench {
  readonly #subjects: Subject[] = [];
  private constructor(
    readonly api: FakeMessagesApi,
    readonly env: ClaudeEnv,
    readonly walls: AgentWalls | undefined,
    readonly marker: string,
  ) {}

  /** @param walls the walls of its agents; null for none */
  static async open(walls: AgentWalls | null = WALLS ?? null): Promise<AgentBench> {
    const marker = randomUUID();
    const api = await startFakeMessagesApi(model);
    const env = await createClaudeEnv(api.url);
    env.overrides.env[MARKER_VARIABLE] = marker;
    return new AgentBench(api, env, walls ?? undefined, marker);
  }

  /** The folder of the homes of agents with walls. */
  get homes(): string {
    return `${this.env.home}/homes`;
  }

  /** A function returns the whole configuration; overrides only add to the environment. */
  start(options: Partial<AgentStart> = {}, configuration: ClaudeConfiguration = {}): Subject {
    const sessionId = options.sessionId ?? randomUUID();
    const start: AgentStart = {
      sessionId,
      conversationId: sessionId,
      owner: 'ada',
      resume: false,
      model: null,
      permissionMode: 'default',
      cwd: this.env.cwd,
      includePartialMessages: true,
      canUseTool: async (_name, input) => ({ behavior: 'allow', updatedInput: input }),
      ...(this.walls && {
        walls: this.walls,
        folders: createFolders(this.homes, sessionId, options.cwd ?? this.env.cwd),
      }),
      ...options,
    };
    const factory = claudeSdkFactory(
      typeof configuration === 'function'
        ? configuration
        : { ...this.env.overrides, ...configuration },
    );
    const subject = new Subject(factory(start), sessionId);
    this.#subjects.push(subject);
    return subject;
  }

  /** Returns the ids of all running processes of this bench's agents. */
  processes(): Promise<number[]> {
    return findMarked(this.marker);
  }

  /**
   * Returns the ids of the processes of this bench's agents, without the shell that started the agent in a
   * sandbox: the agents, the shells of their tools, and what those run.
   */
  async programs(): Promise<number[]> {
    return withoutLaunchers(await this.processes());
  }

  /** Ends the agents of one test. */
  async clear(): Promise<void> {
    await Promise.all(this.#subjects.splice(0).map((subject) => subject.client.close(0)));
  }

  async close(): Promise<void> {
    await this.clear();
    await this.api.close();
    await this.env.close();
  }
}

/** Signals one process, never a group: `process.kill` signals a group for ids of 0 and below. */
export function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || pid <= 1) throw new Error(`There is no process ${pid} to signal.`);
  process.kill(pid, signal);
}
