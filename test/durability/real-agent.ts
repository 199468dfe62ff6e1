import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { findProcesses } from '../../src/agent-webkit/agents/claude/process-sweep.js';
import { createModel } from '../e2e/claude/model.js';
import { type ClaudeEnv, createClaudeEnv } from '../support/claude-env.js';
import {
  type FakeMessagesApi,
  type ModelRequest,
  startFakeMessagesApi,
} from '../support/fake-messages-api.js';
import { eventually } from '../support/eventually.js';
import type { LoadOptions } from './load.js';

/** How long the model takes for an answer's last word, so that a turn can be cut off before it. */
const MODEL_MS = 100;

/** A load for the real agent: every third thing is one that it asks a permission for. */
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

/** What a server needs for the real agent: an environment of its own, and a model on loopback. */
export class RealAgent {
  readonly #api: FakeMessagesApi;
  readonly #env: ClaudeEnv;
  /** In the environment of the server, and of all that it starts. */
  readonly #marker = randomUUID();

  private constructor(api: FakeMessagesApi, env: ClaudeEnv) {
    this.#api = api;
    this.#env = env;
  }

  static async create(): Promise<RealAgent> {
    const { model } = createModel();
    const paced = (request: ModelRequest) => ({ ...model(request), hold: delay(MODEL_MS) });
    const api = await startFakeMessagesApi(paced);
    return new RealAgent(api, await createClaudeEnv(api.url));
  }

  /** The server's environment. */
  get settings(): Record<string, string> {
    return {
      ...this.#env.overrides.env,
      AGENT_WEBKIT_AGENT: 'claude',
      AGENT_WEBKIT_WORKSPACE: this.#env.cwd,
      AGENT_WEBKIT_PROCESS: this.#marker,
    };
  }

  /** Everything the model was asked. */
  get requests(): readonly ModelRequest[] {
    return this.#api.requests;
  }

  /** Removes the agent's own files, as if it were to wake on another machine. */
  async forgetFiles(): Promise<void> {
    const { CLAUDE_CONFIG_DIR: folder = '' } = this.#env.overrides.env;
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Resolves when no process is left of the servers, and of all that they started. */
  async gone(): Promise<void> {
    await eventually(
      () => findProcesses(this.#marker),
      (pids) => pids.length === 0,
    );
  }

  async close(): Promise<void> {
    await this.#api.close();
    await this.#env.close();
  }
}
