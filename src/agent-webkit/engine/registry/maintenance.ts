import type { EngineLogger } from '../engine-logger.js';
import type { SessionRecordStore } from '../storage.js';
import type { LiveSessions } from './live-sessions.js';
import { Recovery } from './recovery.js';
import { Retention } from './retention.js';

export interface MaintenanceOptions {
  live: LiveSessions;
  records: SessionRecordStore;
  /** How long an unused session is kept, in milliseconds; null to keep it until it is deleted. */
  retentionMs: number | null;
  logger: EngineLogger;
}

/** The work on sessions that no caller requests: resuming unfinished ones, and removing unused ones. */
export class Maintenance {
  readonly #live: LiveSessions;
  readonly #records: SessionRecordStore;
  readonly #recovery: Recovery;
  readonly #retention: Retention | null;

  constructor({ live, records, retentionMs, logger }: MaintenanceOptions) {
    this.#live = live;
    this.#records = records;
    this.#recovery = new Recovery({
      records,
      unread: () => live.unread(),
      resume: (id) => this.#resume(id),
      logger,
    });
    const remove = (id: string) => this.#removeUnused(id);
    this.#retention =
      retentionMs === null ? null : new Retention({ retentionMs, records, remove, logger });
  }

  /** Starts to remove unused sessions at intervals. */
  startRetention(): void {
    this.#retention?.start();
  }

  /**
   * Starts to resume unfinished sessions of servers that are gone. Resolves when the sessions found at
   * the start are resumed.
   */
  startRecovery(): Promise<void> {
    return this.#recovery.start();
  }

  stop(): void {
    this.#retention?.stop();
    this.#recovery.stop();
  }

  /**
   * Loads a session whose server is gone. This server may hold an older state of it, from before that
   * server took it over.
   */
  async #resume(id: string): Promise<void> {
    const held = await this.#live.get(id);
    if (held && (await held.isTakenOver())) await this.#live.evict(held);
    await this.#live.load(id);
  }

  async #removeUnused(id: string): Promise<void> {
    const session = await this.#live.get(id)?.catch(() => null);
    if (session?.isActive) return session.recordActivity();
    if (session) return this.#live.delete(session);
    // Held as a session that does not exist, so that no request loads it during the deletion.
    await this.#live.hold(
      id,
      this.#records.delete(id).then(() => null),
    );
  }
}
