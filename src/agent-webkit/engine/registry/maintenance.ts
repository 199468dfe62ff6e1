import type { EngineLogger } from '../engine-logger.js';
import type { Session } from '../session/session.js';
import { FencedError, OwnedElsewhereError, type SessionRecordStore } from '../storage.js';
import { dayOf, type UsageStore } from '../usage.js';
import type { LiveSessions } from './live-sessions.js';
import { Recovery, type RecoveryOptions } from './recovery.js';
import { Retention } from './retention.js';

export interface MaintenanceOptions extends Pick<RecoveryOptions, 'mayResume' | 'isCertain'> {
  live: LiveSessions;
  records: SessionRecordStore;
  /** How long an unused session is kept, in milliseconds; null to keep it until it is deleted. */
  retentionMs: number | null;
  /** Undefined for a storage that stores no usage. */
  usage?: UsageStore | undefined;
  /** How long usage is kept, in milliseconds; null for no limit. */
  usageRetentionMs: number | null;
  /** How long a session that never had a message is kept without a subscriber, in milliseconds; null for no limit. */
  emptySessionTtlMs: number | null;
  /**
   * Resolves to true while a session has subscribers that follow it outside of this server's memory. Rejects
   * when that is unknown.
   *
   * @default never
   */
  isReadElsewhere?: (sessionId: string) => Promise<boolean>;
  logger: EngineLogger;
}

/** The work on sessions that no caller requests: resuming unfinished ones, and removing unused ones. */
export class Maintenance {
  readonly #live: LiveSessions;
  readonly #records: SessionRecordStore;
  readonly #isReadElsewhere: NonNullable<MaintenanceOptions['isReadElsewhere']>;
  readonly #recovery: Recovery;
  readonly #retentions: Retention[] = [];

  constructor(options: MaintenanceOptions) {
    const { live, records, retentionMs, emptySessionTtlMs, logger } = options;
    const { usage, usageRetentionMs } = options;
    this.#live = live;
    this.#records = records;
    this.#isReadElsewhere = options.isReadElsewhere ?? (() => Promise.resolve(false));
    this.#recovery = new Recovery({
      ...options,
      records,
      unread: () => live.unread(),
      resume: (id) => this.#resume(id),
      checkStorage: () => live.checkStorage(),
    });
    if (retentionMs !== null) {
      this.#retentions.push(
        new Retention({
          retentionMs,
          find: (before, limit) => records.unusedSince(before, limit),
          remove: (id) => this.#removeUnused(id),
          logger,
        }),
      );
    }
    if (emptySessionTtlMs !== null) {
      this.#retentions.push(
        new Retention({
          retentionMs: emptySessionTtlMs,
          find: (before, limit) => records.emptySince(before, limit),
          remove: (id) => this.#removeEmpty(id),
          logger,
        }),
      );
    }
    if (usage && usageRetentionMs !== null) {
      this.#retentions.push(
        new Retention({
          retentionMs: usageRetentionMs,
          // All rows of a day are removed together, and no session.
          find: async (before) => {
            await usage.trim(dayOf(before.toISOString()));
            return [];
          },
          remove: () => Promise.resolve(),
          logger,
        }),
      );
    }
  }

  /** Starts to remove unused sessions, and old usage, at intervals. */
  startRetention(): void {
    for (const retention of this.#retentions) retention.start();
  }

  /**
   * Starts to resume unfinished sessions of servers that are gone. Resolves when the sessions found at
   * the start are resumed.
   */
  startRecovery(): Promise<void> {
    return this.#recovery.start();
  }

  /** Resumes the unfinished sessions of servers that are gone now. Never rejects. */
  resumeOrphans(): Promise<void> {
    return this.#recovery.resumeAll();
  }

  stop(): void {
    for (const retention of this.#retentions) retention.stop();
    this.#recovery.stop();
  }

  /**
   * Loads a session whose server is gone. This server may hold an older state of it, from before that
   * server took it over.
   */
  async #resume(id: string): Promise<void> {
    try {
      const held = await this.#live.get(id);
      if (held && (await held.isTakenOver())) await this.#live.departures.evict(held);
      await this.#live.load(id);
    } catch (error) {
      // Another server was first.
      if (!(error instanceof OwnedElsewhereError)) throw error;
    }
  }

  /**
   * The session is loaded, which fences off any other server, and its events decide: a message may have
   * arrived since it was found.
   */
  async #removeEmpty(id: string): Promise<void> {
    if (await this.#isReadElsewhere(id)) return this.#keep(id);
    const session = await this.#live.load(id).catch(() => null);
    if (!session) return;
    if (session.endReason !== null) return;
    if (session.isActive || !session.isEmpty) return session.recordActivity();
    await this.#delete(session);
  }

  async #removeUnused(id: string): Promise<void> {
    if (await this.#isReadElsewhere(id)) return this.#keep(id);
    const session = await this.#live.get(id)?.catch(() => null);
    if (!session) return this.#live.deletions.deleteStored(id);
    if (session.endReason !== null) return;
    if (session.isActive) return session.recordActivity();
    await this.#delete(session);
  }

  /** Records that a session is in use. It stays where it is. */
  async #keep(id: string): Promise<void> {
    const record = await this.#records.get(id);
    if (!record) return;
    try {
      await this.#records.update(id, record.epoch, { lastActivityAt: new Date() });
    } catch (error) {
      // Another server has it by now.
      if (!(error instanceof FencedError)) throw error;
    }
  }

  /** Resolves when nothing is left of the session, however long the storage takes. */
  async #delete(session: Session): Promise<void> {
    await (
      await this.#live.deletions.decide(session)
    )?.done;
  }
}
