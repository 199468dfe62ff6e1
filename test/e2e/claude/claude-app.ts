import type { Server } from 'node:http';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createAgentClient, type Session } from '@agent-webkit/core';
import type { DynamicModule, Provider } from '@nestjs/common';
import { claudeSdkFactory } from '../../../src/agent-webkit/agents/claude/claude-sdk-factory.js';
import type { ClaudeOverrides } from '../../../src/agent-webkit/agents/claude/claude-options.js';
import type { AgentStart } from '../../../src/agent-webkit/engine/agent-client.js';
import { createProcessSweep } from '../../../src/agent-webkit/agents/claude/process-sweep.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { SessionRegistry } from '../../../src/agent-webkit/engine/registry/session-registry.js';
import { createClaudeEnv } from '../../support/claude-env.js';
import { NODE_FOLDER } from '../../support/node-folder.js';
import { eventually } from '../../support/eventually.js';
import {
  type FakeMessagesApi,
  type ModelRequest,
  startFakeMessagesApi,
} from '../../support/fake-messages-api.js';
import { missingSandbox, withoutLaunchers } from '../../support/walls.js';
import { type AdapterName, startApp, type TestApp } from '../../support/start-app.js';
import { createModel } from './model.js';
import { Tab } from './tab.js';

/**
 * The variable with the session's id in the environment of an agent and of all that it starts. Each
 * spec file has one of its own, because several run at the same time.
 */
const SESSION_VARIABLE = `E2E_SESSION_${process.pid}_${Date.now()}`;

const { find: findMarked } = createProcessSweep(SESSION_VARIABLE);

/** Finds the processes of a session's agent, or with '' those of agents that have no session yet. */
export const findProcesses = async (sessionId: string) =>
  withoutLaunchers(await findMarked(sessionId));

export interface ClaudeAppOptions extends AgentWebkitModuleOptions {
  /** Options of the agent, in addition to those that keep it on loopback. */
  overrides?: ClaudeOverrides | ((start: AgentStart) => ClaudeOverrides);
  /** Providers of the app, beside the module. */
  providers?: Provider[];
  /** Modules of the app, such as those of `forFeature()`. */
  imports?: DynamicModule[];
}

/** A Nest app with the module and the real agent. The agent talks to a fake model. */
export class ClaudeApp {
  readonly #tabs: Tab[] = [];
  readonly #sessions: string[] = [];
  private constructor(
    readonly server: TestApp,
    readonly api: FakeMessagesApi,
    /** The root of the workspace, which contains the folders of the sessions. */
    readonly cwd: string,
    /** The home of the server, and of agents without walls. */
    readonly home: string,
    /** Completes the answer of the model to `hold <name>`. */
    readonly release: (name: string) => void,
    readonly removeFolders: () => Promise<void>,
  ) {}

  static async start(
    adapter: AdapterName,
    { overrides, providers = [], imports = [], ...options }: ClaudeAppOptions = {},
  ): Promise<ClaudeApp> {
    const { model, release } = createModel();
    const api = await startFakeMessagesApi(model);
    const env = await createClaudeEnv(api.url);
    const sdkFactory = claudeSdkFactory((start) => {
      const given = typeof overrides === 'function' ? overrides(start) : overrides;
      return {
        ...env.overrides,
        ...given,
        env: { ...env.overrides.env, ...given?.env, [SESSION_VARIABLE]: start.sessionId },
      };
    });
    const server = await startApp(
      {
        ...options,
        workspace: { root: env.cwd, ...options.workspace },
        // MCP servers of tests are programs of Node.js.
        sandbox: { readOnly: [NODE_FOLDER], ...options.sandbox },
        agent: { sdkFactory, ...options.agent },
      },
      { adapter, providers, imports },
    );
    const cwd = options.workspace?.root ?? env.cwd;
    return new ClaudeApp(server, api, cwd, env.home, release, () => env.close());
  }

  /** Creates a session with the published client, and reads its events from the first one. */
  async open(config: Record<string, unknown> = {}, baseUrl = this.server.url): Promise<Tab> {
    const client = createAgentClient({ baseUrl });
    const session = await client.createSession({
      include_partial_messages: true,
      ...config,
    } as object);
    this.#sessions.push(session.id);
    const tab = this.#follow(session);
    await tab.next('session_ready');
    return tab;
  }

  /** Opens another tab on a session, which has read the events up to `after`. */
  attach(id: string, after?: number, baseUrl = this.server.url): Tab {
    const client = createAgentClient({ baseUrl });
    const seen = after === undefined ? {} : { resumeFromEventId: String(after) };
    return this.#follow(client.attachSession(id, seen), after);
  }

  /** Returns the folder of a session. */
  folder(sessionId: string): string {
    return join(this.cwd, 'sessions', sessionId);
  }

  /** True when an agent of any session has made a file of this name in its folder. */
  isMade(name: string): boolean {
    const sessions = join(this.cwd, 'sessions');
    return readdirSync(sessions).some((id) => existsSync(join(sessions, id, name)));
  }

  /** Returns the home of a session's agent. */
  homeOf(sessionId: string): string {
    if (missingSandbox !== null) return this.home;
    return join(this.cwd, '.agent-webkit', 'homes', sessionId);
  }

  /** The ids of the living processes of one session's agent. */
  processes(sessionId: string): Promise<number[]> {
    return findProcesses(sessionId);
  }

  /** Kills the agent of one session: its process with the lowest id. The agent's child processes have higher ids. */
  async killAgent(sessionId: string): Promise<void> {
    const pid = Math.min(...(await this.processes(sessionId)));
    // Never a group, as `process.kill` does for 0 and below.
    if (!Number.isFinite(pid) || pid <= 1) throw new Error(`There is no process ${pid} to kill.`);
    process.kill(pid, 'SIGKILL');
  }

  /** Resolves when a session is in this state. */
  async reaches(id: string, state: string): Promise<void> {
    await eventually(async () => (await this.server.info(id))['state'] === state);
  }

  /** Returns the agent's requests to the model in turns whose message begins with this text. */
  asked(text: string): ModelRequest[] {
    return this.api.requests.filter((request) => request.text.startsWith(text));
  }

  /** Stops the server as its host would. Resolves to the ids of agent processes that are still alive. */
  async close(): Promise<number[]> {
    await this.server.app.get(SessionRegistry, { strict: false }).lifecycle.shutdown();
    // An aborted fetch leaves a spare connection, for which Node would wait some seconds.
    const http = this.server.app.getHttpServer() as Server;
    http.closeAllConnections();
    for (const tab of this.#tabs) tab.session.detach();
    await this.server.close();
    const left = await Promise.all(this.#sessions.map((id) => findMarked(id)));
    await this.api.close();
    await this.removeFolders();
    return left.flat();
  }

  #follow(session: Session, seen?: number): Tab {
    const tab = new Tab(session, seen);
    this.#tabs.push(tab);
    return tab;
  }
}
