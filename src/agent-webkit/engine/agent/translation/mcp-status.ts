import type { WireEvent } from '../../../protocol/events.js';

/** The last known status of each MCP server of one agent. */
export class McpStatus {
  readonly #known = new Map<string, string>();

  /** Returns an event for each server whose status has changed. */
  changes(servers: readonly { name: string; status: string }[]): WireEvent[] {
    const changed = servers.filter(({ name, status }) => this.#known.get(name) !== status);
    for (const { name, status } of changed) this.#known.set(name, status);
    return changed.map(({ name, status }) => ({
      event: 'mcp_status_change',
      data: { server_name: name, status },
    }));
  }
}
