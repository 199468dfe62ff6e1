import { createAgentClient, type Session } from '@agent-webkit/core';
import { Tab } from '../e2e/claude/tab.js';
import type { CompiledSources } from '../support/compiled-sources.js';
import { RealAgent } from './real-agent.js';
import { RealServer } from './real-server.js';
import { LEASE_MS, type TestStorage } from './test-storage.js';

/** A server with the real agent on one storage, which a test kills and starts again, and tabs on its sessions. */
export class KilledAgentServer {
  readonly #tabs: Tab[] = [];

  private constructor(
    readonly storage: TestStorage,
    readonly agent: RealAgent,
    readonly server: RealServer,
  ) {}

  static async start(
    sources: CompiledSources,
    create: () => Promise<TestStorage>,
  ): Promise<KilledAgentServer> {
    const storage = await create();
    const agent = await RealAgent.create();
    const server = new RealServer(sources, {
      ...agent.settings,
      AGENT_WEBKIT_STORAGE: storage.setting,
      AGENT_WEBKIT_LEASE_MS: LEASE_MS,
    });
    await server.start();
    return new KilledAgentServer(storage, agent, server);
  }

  /** Creates a session, and opens a tab on it. */
  async open(): Promise<Tab> {
    return this.#follow(await createAgentClient({ baseUrl: this.server.url }).createSession({}));
  }

  /** Kills the server, removes the files of its agents, starts the next server and opens a tab on it. */
  async replace({ id, lastId, session }: Tab): Promise<Tab> {
    session.detach();
    await this.server.kill();
    await this.agent.gone();
    await this.agent.forgetFiles();
    await this.server.start();
    const client = createAgentClient({ baseUrl: this.server.url });
    return this.#follow(client.attachSession(id, { resumeFromEventId: String(lastId) }), lastId);
  }

  async close(): Promise<void> {
    for (const { session } of this.#tabs) session.detach();
    await this.server.close();
    await this.agent.gone();
    await this.agent.close();
    await this.storage.remove();
  }

  #follow(session: Session, seen?: number): Tab {
    const tab = new Tab(session, seen);
    this.#tabs.push(tab);
    return tab;
  }
}
