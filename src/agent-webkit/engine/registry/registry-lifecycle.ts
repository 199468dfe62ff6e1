import type { SessionConfig } from '../agent-client.js';
import type { RegistryParts, SessionRegistryOptions } from './registry-parts.js';

/** How long the removal of folders may take when the server stops. The next server continues. */
const FOLDERS_TIMEOUT_MS = 2000;

/** The life of a registry: its opening and its start, its drain, and its end. */
export class RegistryLifecycle {
  readonly #options: SessionRegistryOptions;
  readonly #parts: RegistryParts;
  #ended: Promise<void> | null = null;

  constructor(options: SessionRegistryOptions, parts: RegistryParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** True once {@link shutdown} was called: every call is rejected. */
  get isEnding(): boolean {
    return this.#ended !== null;
  }

  /** Prepares the workspace, and joins the servers that share the storage. Call it when the storage is open. */
  async open(): Promise<void> {
    await this.#options.folders.open();
    await this.#parts.member?.open();
  }

  /**
   * Renews the lease now. It is renewed regularly without this call.
   *
   * @internal
   */
  async renewLease(): Promise<void> {
    await this.#parts.member?.membership.renew();
  }

  /**
   * Starts warm agents, resumes the unfinished sessions of servers that are gone, and starts to remove
   * unused sessions. Resolves when the unfinished sessions found at the start are resumed.
   */
  async start(): Promise<void> {
    void this.#checkAgents();
    this.#parts.dispatcher?.start();
    this.#parts.maintenance.startRetention();
    // Without a workspace, which the policy logs, unfinished sessions are resumed all the same.
    const config = await this.#startAhead().catch(() => null);
    if (config) this.#parts.live.warmUp(config);
    await this.#parts.maintenance.startRecovery();
  }

  /** Stops all agents. Those of sessions start again when they are needed, and may. */
  stopAgents(): Promise<void> {
    return this.#parts.live.departures.stopAgents();
  }

  /** True while the server ends its work, before it stops or as long as an operator wants. */
  get isDraining(): boolean {
    return this.#parts.live.departures.isDraining;
  }

  /**
   * Ends the work of this server, where others can go on with it: its idle sessions are released at once,
   * and the others after their turns. Resolves when none is left, when that takes too long, and when the
   * lease has lapsed. Every call is still answered meanwhile.
   */
  async drain(): Promise<void> {
    const { member, drain } = this.#parts;
    if (!member) return;
    this.#parts.serverDrain?.stop();
    await Promise.race([drain.run(), member.membership.lapsed()]);
  }

  /** Ends a drain now. The turns that still run are interrupted by {@link shutdown}. */
  endDrain(): void {
    this.#parts.drain.end();
  }

  /**
   * Rejects every later call, and ends all sessions. Sessions in a durable storage continue on the next
   * start. Resolves when the streams have ended and the agents are gone.
   */
  shutdown(): Promise<void> {
    this.#parts.maintenance.stop();
    this.#ended ??= this.#endAll();
    return this.#ended;
  }

  async #endAll(): Promise<void> {
    const reason = this.#parts.storage.durable ? 'released' : 'deleted';
    await Promise.all([
      this.#parts.live.departures.endAll(reason, this.#options.shutdownGraceMs),
      this.#parts.shared?.close(),
    ]);
    this.#parts.news.close();
    this.#parts.feed.end();
    await Promise.all([
      this.#options.folders.close(FOLDERS_TIMEOUT_MS),
      this.#parts.dispatcher?.stop(),
    ]);
    await this.#parts.member?.close();
    this.#parts.storage.stop();
  }

  async #startAhead(): Promise<SessionConfig | null> {
    const { folders, policy } = this.#options;
    return folders.canStartAhead ? policy.defaults(null) : null;
  }

  async #checkAgents(): Promise<void> {
    const { sdkFactory, logger } = this.#options;
    const warning = await sdkFactory.check?.().catch(() => null);
    if (warning) logger.warn(warning);
  }
}
