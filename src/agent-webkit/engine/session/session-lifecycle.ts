import type { DurableTranscripts } from '../agent/durable-transcripts.js';
import type { EngineLogger } from '../engine-logger.js';
import { SessionNotFoundError, ShuttingDownError, StorageUnavailableError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { FencedError, type SessionRecord } from '../storage.js';
import { within } from '../timing/within.js';
import type { Requests } from './requests.js';
import type { SessionDependencies } from './session-dependencies.js';
import { lostTasks } from './tasks.js';
import type { TurnGate } from './turn-gate.js';

/**
 * The reason why a session has ended on this server: `deleted` permanently; `released`, to continue
 * where it is restored; `ownership_lost`, because another server took it over or deleted it, or because
 * the storage has lost events that this server has stored, as after it was restored from a backup;
 * `reset`, to continue from its last stored event, because the storage can never store the next one.
 */
export type EndReason = 'deleted' | 'released' | 'ownership_lost' | 'reset';

/** The result of an end. It is an object because a promise of a promise would wait for both. */
export interface SessionEnd {
  /** Resolves when the session's agent is gone. */
  agentGone: Promise<void>;
}

type Life =
  | { readonly name: 'living' }
  | { readonly name: 'ending'; readonly reason: EndReason }
  | { readonly name: 'ended'; readonly reason: EndReason };

/** The parts of a session that take part in its end. */
export interface EndingParts {
  readonly log: EventLog;
  readonly gate: TurnGate;
  readonly requests: Requests;
  readonly activity: { stopTimers(): void };
  readonly tasks: { stopTimer(): void };
  readonly logger: EngineLogger;
  readonly quota: { stop(): void } | null;
  readonly transcripts: DurableTranscripts | null;
}

/** How long the release of a session may wait for the storage to commit its last events. */
const LAST_EVENTS_TIMEOUT_MS = 2000;

/**
 * A session's life on this server.
 *
 * - **living**: the session accepts messages and its agent runs. Entered when it is created or
 *   restored. Left for *ending* by {@link end}, for *ended* by {@link loseOwnership} and {@link reset}.
 * - **ending**: the session accepts no message, its agent is being stopped, and its last events are
 *   being committed: the interruption of a running turn when it is released, `done` when it is
 *   deleted. A released session is left for *ended* when they are committed, or when the storage takes
 *   too long. A deleted one waits for the storage, however long it takes, and can be read meanwhile: until
 *   `done` is committed, a restart would restore it. It is left for *ended* when `done` is committed;
 *   by {@link loseOwnership}, as `ownership_lost`; or by {@link abandon}, as `released`.
 *   Guarantee: subscribers receive the last events before their streams end.
 * - **ended**: final. The log takes no more events and the streams end. The agent may take longer:
 *   `agentGone` resolves when it is gone.
 *
 * A session that is being deleted accepts no other end.
 */
export class SessionLifecycle {
  readonly #record: SessionRecord;
  readonly #deps: SessionDependencies;
  readonly #parts: EndingParts;
  #life: Life = { name: 'living' };
  /** The end that is under way or done. A second call of {@link end} gets the same one. */
  #end: Promise<SessionEnd> | null = null;
  #hasLeft = false;

  /** @param parts read only once the session ends, so they may be incomplete until then */
  constructor(record: SessionRecord, deps: SessionDependencies, parts: EndingParts) {
    this.#record = record;
    this.#deps = deps;
    this.#parts = parts;
  }

  get isLiving(): boolean {
    return this.#life.name === 'living';
  }

  /** True until `done` is committed to a session that is being deleted. */
  get isDeleting(): boolean {
    return this.#life.name === 'ending' && this.#life.reason === 'deleted';
  }

  /** True when the log has ended. A commit that was on its way may still succeed. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** The reason why the session has ended or is ending; null while it lives. */
  get endReason(): EndReason | null {
    return this.#life.name === 'living' ? null : this.#life.reason;
  }

  /**
   * @throws SessionNotFoundError, ShuttingDownError or, when it is about to be restored,
   *   StorageUnavailableError when the session does not accept messages
   */
  assertLiving(): void {
    if (this.#life.name === 'living') return;
    if (this.#life.reason === 'reset') throw new StorageUnavailableError(null);
    throw this.#life.reason === 'released' ? new ShuttingDownError() : new SessionNotFoundError();
  }

  /**
   * Ends the session. Resolves when its last event is committed; may be called again, with the
   * result of the first call.
   */
  end(reason: 'deleted' | 'released', graceMs: number): Promise<SessionEnd> {
    if (this.#life.name === 'living') {
      this.#life = { name: 'ending', reason };
      this.#end = reason === 'deleted' ? this.#delete(graceMs) : this.#release(graceMs);
    }
    return this.#end as Promise<SessionEnd>;
  }

  /** Ends the session at once because its storage permanently rejects its events. It continues where it is restored. */
  loseOwnership(cause: unknown): void {
    if (this.#life.name !== 'living' && !this.isDeleting) return;
    const { id } = this.#record;
    this.#parts.logger.error(
      `Lost ownership of session ${id} (${reasonOf(cause)}). Closing it on this server.`,
      cause,
    );
    this.#deps.onOwnershipLost(id, this.#endAtOnce('ownership_lost'));
  }

  /**
   * Ends the session at once because its storage can never store its next events. It continues from its
   * last stored event where it is restored.
   */
  reset(cause: unknown): void {
    if (this.#life.name !== 'living' && !this.isDeleting) return;
    const { id, epoch } = this.#record;
    this.#parts.logger.error(
      `Session ${id}: the storage cannot store an event. Continuing the session without it.`,
      cause,
    );
    this.#deps.onReset(id, epoch, this.#endAtOnce('reset'));
  }

  /** Returns a promise that resolves when the agent is gone. */
  #endAtOnce(reason: EndReason): Promise<void> {
    this.#life = { name: 'ended', reason };
    this.#stopTimers();
    this.#endLog();
    const agentGone = this.#parts.gate.close(0);
    this.#end = Promise.resolve({ agentGone });
    return agentGone;
  }

  /** Stops waiting for the commit of `done`, because this server stops. A restart restores the session. */
  abandon(): void {
    if (!this.isDeleting) return;
    this.#life = { name: 'ended', reason: 'released' };
    this.#endLog();
  }

  /** Compares the session with its storage, and ends it if this server no longer owns it or the storage has lost events. */
  async checkOwnership(): Promise<void> {
    try {
      const loss = await this.#findLoss();
      if (loss) this.loseOwnership(loss);
    } catch {
      // The storage does not answer. The next sign of a lost ownership causes another check.
    }
  }

  /** Resolves to true when another server took the session over, when it was deleted, or when the storage lacks committed events. */
  async isTakenOver(): Promise<boolean> {
    return (await this.#findLoss()) !== null;
  }

  /** Returns the error with which the storage would reject the next event; null when it would accept it. */
  async #findLoss(): Promise<Error | null> {
    const { id, epoch } = this.#record;
    const { lastSeq } = this.#parts.log;
    const stored = await this.#deps.storage.records.get(id);
    if (stored?.epoch !== epoch) return new FencedError(id);
    if (stored.log.lastSeq >= lastSeq) return null;
    return new RangeError(`The storage has ${stored.log.lastSeq} of ${lastSeq} events.`);
  }

  async #release(graceMs: number): Promise<SessionEnd> {
    this.#stopTimers();
    const committed = this.#parts.gate.abandonTurn();
    const agentGone = this.#parts.gate.close(graceMs);
    try {
      await within(LAST_EVENTS_TIMEOUT_MS, committed);
    } catch {
      // The storage takes no events; the streams end all the same.
    }
    this.#life = { name: 'ended', reason: 'released' };
    this.#endLog();
    return { agentGone };
  }

  async #delete(graceMs: number): Promise<SessionEnd> {
    this.#stopTimers();
    const committed = this.#appendDone();
    const agentGone = this.#parts.gate.close(graceMs);
    try {
      await committed;
      if (this.isDeleting) this.#life = { name: 'ended', reason: 'deleted' };
    } catch {
      // The log has failed or was ended, and the session has ended for another reason.
    }
    this.#endLog();
    return { agentGone };
  }

  #stopTimers(): void {
    this.#parts.activity.stopTimers();
    this.#parts.tasks.stopTimer();
    this.#parts.quota?.stop();
  }

  async #appendDone(): Promise<void> {
    this.#parts.requests.cancelAll();
    const { log } = this.#parts;
    await log.append(...lostTasks(log.state), { event: 'done', data: {} });
  }

  #endLog(): void {
    this.#parts.transcripts?.stop();
    this.#parts.log.end();
    this.#hasLeft = true;
    this.#deps.tracer?.left(this.#record.id);
  }
}

/** Returns the reason why the storage permanently rejects events, for the log. */
function reasonOf(cause: unknown): string {
  return cause instanceof RangeError
    ? 'the storage has lost events, as after it was restored from a backup'
    : 'taken over or deleted';
}
