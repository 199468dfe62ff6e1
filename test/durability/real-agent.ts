import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  createProcessSweep,
  findProcesses,
} from '../../src/agent-webkit/agents/claude/process-sweep.js';
import { createModel } from '../e2e/claude/model.js';
import { type ClaudeEnv, createClaudeEnv } from '../support/claude-env.js';
import {
  type FakeMessagesApi,
  type ModelRequest,
  startFakeMessagesApi,
} from '../support/fake-messages-api.js';
import { eventually } from '../support/eventually.js';
import type { LoadOptions } from './load.js';

/** A variable of a server that its agents in a sandbox have as well, because it looks like a setting of Claude Code. */
const AGENT_MARKER = 'CLAUDE_CODE_DISABLE_TEST_MARKER';
const { find: findAgents } = createProcessSweep(AGENT_MARKER);

/** The delay before the last word of an answer, so that a turn can be aborted before it. */
const MODEL_MS = 100;

/** A load for the real agent: every third message makes it request a permission. */
export const REAL_LOAD: LoadOptions = {
  sessions: 3,
  readers: 2,
  writers: 1,
  maxSeen: 100,
  compose: (place) => {
    const name = String(place).padStart(5, '0');
    return place % 3 === 0 ? `bash touch ${name}` : `say ${name}`;
  },
};

/** The needs of a server with the real agent: a separate environment, and a model on loopback. */
export class RealAgent {
  readonly #api: FakeMessagesApi;
  readonly #env: ClaudeEnv;
  /** The marker in the environment of the server and of its descendants. */
  readonly #marker = randomUUID();

  private constructor(
    api: FakeMessagesApi,
    env: ClaudeEnv,
    /** Lets the model finish its answer to a message `hold <name>`. */
    readonly release: (name: string) => void,
  ) {
    this.#api = api;
    this.#env = env;
  }

  static async create(): Promise<RealAgent> {
    const { model, release } = createModel();
    const paced = (request: ModelRequest) => {
      const reply = model(request);
      return { ...reply, hold: reply.hold ?? delay(MODEL_MS) };
    };
    const api = await startFakeMessagesApi(paced);
    return new RealAgent(api, await createClaudeEnv(api.url), release);
  }

  /** The server's environment. */
  get settings(): Record<string, string> {
    return {
      ...this.#env.overrides.env,
      AGENT_WEBKIT_AGENT: 'claude',
      AGENT_WEBKIT_WORKSPACE: this.#env.cwd,
      AGENT_WEBKIT_PROCESS: this.#marker,
      [AGENT_MARKER]: this.#marker,
    };
  }

  /** The workspace of the server. */
  get workspace(): string {
    return this.#env.cwd;
  }

  /** All requests to the model. */
  get requests(): readonly ModelRequest[] {
    return this.#api.requests;
  }

  /** Removes the agent's own files, as if it were resumed on another machine. */
  async forgetFiles(): Promise<void> {
    const { CLAUDE_CONFIG_DIR: folder = '' } = this.#env.overrides.env;
    const homes = join(this.#env.cwd, '.agent-webkit', 'homes');
    const options = { recursive: true, force: true, maxRetries: 10 };
    await rm(folder, options);
    const names = await readdir(homes).catch(() => []);
    await Promise.all(names.map((name) => rm(join(homes, name, 'projects'), options)));
  }

  /** Returns the process ids of the server and of its descendants. */
  async processes(): Promise<number[]> {
    const found = await Promise.all([findProcesses(this.#marker), findAgents(this.#marker)]);
    return [...new Set(found.flat())];
  }

  /** Resolves when no server and no descendant of one is running. */
  async gone(): Promise<void> {
    await eventually(
      () => this.processes(),
      (pids) => pids.length === 0,
    );
  }

  async close(): Promise<void> {
    await this.#api.close();
    await this.#env.close();
  }
}
