import type { AgentClient, McpServerState } from '../agent-client.js';

/** How long after the agent's start its MCP servers are first asked for, and the longest interval after that. */
const FIRST_MS = 1000;
const LAST_MS = 32_000;

/**
 * Asks an agent for the status of its MCP servers while it starts. The agent reports it only with its
 * first turn, and that turn begins when the servers are ready, which can take half a minute.
 *
 * It asks after 1, 2, 4, 8, 16 and 32 seconds, and stops when no server is pending, at {@link stop}, and
 * when the agent cannot answer.
 */
export class McpWatch {
  readonly #client: AgentClient;
  readonly #onStatus: (servers: readonly McpServerState[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    client: AgentClient,
    onStatus: (servers: readonly McpServerState[]) => void,
    firstMs = FIRST_MS,
  ) {
    this.#client = client;
    this.#onStatus = onStatus;
    this.#schedule(firstMs);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(delayMs: number): void {
    if (delayMs > LAST_MS || this.#client.mcpServers === undefined) return;
    this.#timer = setTimeout(() => {
      // The agent's messages report the failure of an agent that cannot answer. A host's own agent may
      // answer anything.
      this.#ask(delayMs).catch(() => undefined);
    }, delayMs);
    this.#timer.unref();
  }

  async #ask(delayMs: number): Promise<void> {
    const servers = await this.#client.mcpServers?.();
    if (this.#isStopped || !servers) return;
    this.#onStatus(servers);
    if (servers.some(({ status }) => status === 'pending')) this.#schedule(delayMs * 2);
  }
}
