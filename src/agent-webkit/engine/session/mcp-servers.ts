import type { AgentClient, McpServerState } from '../agent-client.js';
import { ForbiddenError, McpServerNotFoundError, McpServerUnavailableError } from '../errors.js';
import { TIMED_OUT, within } from '../timing/within.js';
import type { SessionLifecycle } from './session-lifecycle.js';
import type { SessionSettings } from './session-settings.js';
import type { TurnGate } from './turn-gate.js';

/** The names of servers in an error. */
const MAX_NAMED = 20;

export interface McpServersOptions {
  readonly gate: Pick<TurnGate, 'agent'>;
  readonly settings: SessionSettings;
  readonly lifecycle: Pick<SessionLifecycle, 'assertLiving'>;
}

/** How long the agent may take to name its servers, in milliseconds. After that, it is not asked whether the server exists. */
const ANSWER_MS = 2000;

/** The MCP servers of a session's agent, as clients control them. Changes of their status follow as events. */
export class McpServers {
  readonly #options: McpServersOptions;

  constructor(options: McpServersOptions) {
    this.#options = options;
  }

  /**
   * Tells the agent to connect a server again. A failure is an `error` event.
   *
   * @throws McpServerNotFoundError when the agent has no server of this name
   * @throws McpServerUnavailableError without an agent, and when the server is disabled
   */
  async reconnect(name: string): Promise<void> {
    const server = await this.#find(name, (agent) => agent.reconnectMcpServer !== undefined);
    if (server?.status === 'disabled') {
      throw new McpServerUnavailableError(
        `The MCP server '${name}' is disabled. Enable it by mcp_toggle.`,
      );
    }
    this.#call((agent) => agent.reconnectMcpServer?.(name));
  }

  /**
   * Enables a server, or disables it, also for later agents of the session.
   *
   * @throws McpServerNotFoundError when the agent has no server of this name
   * @throws McpServerUnavailableError without an agent
   * @throws ForbiddenError when the host has disabled the server
   */
  async toggle(name: string, enabled: boolean): Promise<void> {
    const server = await this.#find(name, (agent) => agent.toggleMcpServer !== undefined);
    const { settings } = this.#options;
    const isOwn = settings.disabledMcpServers.includes(name);
    if (enabled && !isOwn) {
      if (server?.status !== 'disabled') return;
      throw new ForbiddenError(`server: '${name}' is disabled by the host.`);
    }
    if (!enabled && isOwn) return;
    await settings.setMcpServer(name, enabled, (agent) =>
      this.#reporting(agent.toggleMcpServer?.(name, enabled)),
    );
  }

  /** Resolves to null when the agent does not answer in time. */
  async #find(
    name: string,
    isAble: (agent: AgentClient) => boolean,
  ): Promise<McpServerState | null> {
    const { gate, lifecycle } = this.#options;
    const { client } = gate.agent;
    if (!client) {
      throw new McpServerUnavailableError(
        'The session has no running agent. The next message starts one, which connects its MCP servers.',
      );
    }
    if (!isAble(client) || !client.mcpServers) {
      throw new McpServerUnavailableError("The MCP servers of this session's agent are fixed.");
    }
    const servers = await within(
      ANSWER_MS,
      client.mcpServers().catch(() => null),
    );
    lifecycle.assertLiving();
    if (servers === TIMED_OUT || servers === null) return null;
    const server = servers.find((each) => each.name === name);
    if (!server) {
      const names = servers.map((each) => each.name);
      throw new McpServerNotFoundError(name, names.slice(0, MAX_NAMED).join(', ') || 'none');
    }
    return server;
  }

  #call(call: (agent: AgentClient) => Promise<void> | undefined): void {
    this.#options.settings.callAgent((agent) => this.#reporting(call(agent)));
  }

  async #reporting(called: Promise<void> | undefined): Promise<void> {
    try {
      await called;
    } finally {
      // An agent that ends meanwhile cannot answer.
      await this.#options.gate.agent.reportServers().catch(() => undefined);
    }
  }
}
