import type { ClusterStore } from '../../src/agent-webkit/engine/cluster.js';

/** Renews the lease of a server without agents, as often as the engine does. */
export class Renewals {
  readonly #cluster: ClusterStore;
  readonly #timer: NodeJS.Timeout;
  #renewed: Promise<unknown> = Promise.resolve();

  constructor(cluster: ClusterStore) {
    this.#cluster = cluster;
    this.#timer = setInterval(() => this.#renew(), cluster.leaseMs / 4);
  }

  /** Stops the renewals. The lease lapses. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewed;
  }

  #renew(): void {
    const renewing = this.#cluster.renew({ freeAgents: 0, isDraining: false });
    this.#renewed = renewing.catch(() => undefined);
  }
}
