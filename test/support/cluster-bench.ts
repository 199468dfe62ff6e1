import type { SessionRegistryOptions } from '../../src/agent-webkit/engine/registry/registry-parts.js';
import type { RequestDecision } from '../../src/agent-webkit/engine/session/decision.js';
import { parseSessionEvent } from '../../src/agent-webkit/engine/session-event.js';
import { eventually } from './eventually.js';
import type { FakeAgentClient } from './fake-agent-client.js';
import { MemoryCluster, type MemoryServer } from './memory-cluster.js';
import { createRegistry } from './registry-bench.js';

/** One server of a {@link ClusterBench}. */
export interface BenchServer extends ReturnType<typeof createRegistry> {
  readonly address: string;
  readonly storage: MemoryServer;
  readonly decisions: RequestDecision[];
}

/** Registries with fake agents that share a storage in memory, as servers do. */
export class ClusterBench {
  readonly cluster: MemoryCluster;
  readonly servers: BenchServer[] = [];
  readonly #hasBus: boolean;

  constructor(leaseMs = 1000, hasBus = true) {
    this.cluster = new MemoryCluster(leaseMs);
    this.#hasBus = hasBus;
  }

  /** Starts one more server. The others know it from their next renewals on. */
  async start(options: Partial<SessionRegistryOptions> = {}): Promise<BenchServer> {
    const address = `server-${this.servers.length + 1}`;
    const storage = this.cluster.server(address);
    const decisions: RequestDecision[] = [];
    const made = createRegistry(storage, {
      bus: this.#hasBus ? this.cluster.bus(address) : null,
      onDecision: (decision) => void decisions.push(decision),
      ...options,
    });
    await made.registry.lifecycle.open();
    const server = { ...made, address, storage, decisions };
    this.servers.push(server);
    return server;
  }

  /** Starts servers whose leases have been valid for long enough to take over sessions, and which know each other. */
  async startAll(
    count: number,
    options: Partial<SessionRegistryOptions> = {},
  ): Promise<BenchServer[]> {
    for (let n = 0; n < count; n += 1) await this.start(options); // oxlint-disable-line no-await-in-loop
    for (const lease of this.cluster.leases.values()) lease.since -= this.cluster.leaseMs;
    await this.introduce();
    return this.servers.slice(-count);
  }

  /** Waits until each server knows the present state of the others. */
  async introduce(): Promise<void> {
    for (const { address, registry } of this.servers) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      if (this.cluster.isValid(address)) await registry.lifecycle.renewLease();
    }
  }

  /** Cuts a server off, and ends its lease. */
  kill({ address }: BenchServer): void {
    this.cluster.cut(address);
    this.cluster.lapse(address);
  }

  /** Stops all servers. */
  async close(): Promise<void> {
    for (const { address } of this.servers) this.cluster.heal(address);
    await Promise.all(this.servers.map(({ registry }) => registry.lifecycle.shutdown()));
  }

  /** The names of a session's stored events. */
  async names(id: string): Promise<string[]> {
    return (await this.cluster.storage.events.read(id, 0, 10_000)).map(({ name }) => name);
  }

  /** The data of a session's stored events with a name. */
  async data(id: string, name: string): Promise<Record<string, unknown>[]> {
    const events = await this.cluster.storage.events.read(id, 0, 10_000);
    return events
      .filter((event) => event.name === name)
      .map((event) => parseSessionEvent(event).data as unknown as Record<string, unknown>);
  }

  /** The agents of all servers that run. */
  living(): FakeAgentClient[] {
    return this.servers.flatMap(({ agents }) => agents.filter(({ isClosed }) => !isClosed));
  }
}

/** Resolves to the nth agent that a server has started. */
export async function agentOf({ agents }: BenchServer, n = 1): Promise<FakeAgentClient> {
  await eventually(() => agents.length >= n);
  return agents[n - 1] as FakeAgentClient;
}
