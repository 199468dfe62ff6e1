import type { ModelLimits } from '../../engine/agent-client.js';
import type { EngineLogger } from '../../engine/engine-logger.js';
import { ModelMeter } from './model-meter.js';

/** The meter of a session, for one process of its agent. */
export interface HeldMeter {
  readonly meter: ModelMeter;
  /** Call it when the process is gone. May be called repeatedly. */
  release(): void;
}

/** How many meters are kept, with a few hundred bytes each. */
const MAX_METERS = 10_000;

interface Entry {
  readonly meter: ModelMeter;
  holders: number;
}

/**
 * The meters of all sessions on this server. A meter outlives the agent, so that a session whose agent is
 * replaced does not begin anew.
 *
 * A meter that no agent holds is dropped when it is full again: it is found when the next agent starts. Beyond
 * {@link MAX_METERS}, the one that was released first is dropped, even if it is not full.
 */
export class SessionMeters {
  readonly #entries = new Map<string, Entry>();
  readonly #max: number;

  constructor(max = MAX_METERS) {
    this.#max = max;
  }

  /** The number of meters that are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the meter of a session. A session whose host has changed its limits gets a new one. */
  hold(
    sessionId: string,
    limits: ModelLimits | undefined,
    logger?: Pick<EngineLogger, 'warn'>,
  ): HeldMeter {
    this.#dropFull();
    const log = (reason: string) =>
      logger?.warn(`Session ${sessionId}: refused a request to the model. ${reason}`);
    const created = { meter: new ModelMeter(limits, log), holders: 0 };
    const kept = this.#entries.get(sessionId);
    const entry = kept && haveSameLimits(kept.meter, created.meter) ? kept : created;
    entry.holders += 1;
    this.#entries.set(sessionId, entry);
    let isHeld = true;
    return {
      meter: entry.meter,
      release: () => {
        if (isHeld) this.#release(sessionId, entry);
        isHeld = false;
      },
    };
  }

  #release(sessionId: string, entry: Entry): void {
    entry.holders -= 1;
    if (entry.holders > 0 || this.#entries.get(sessionId) !== entry) return;
    this.#entries.delete(sessionId);
    if (entry.meter.isFull) return;
    // The order of the map is that of the releases.
    this.#entries.set(sessionId, entry);
    if (this.#entries.size > this.#max) this.#dropOldest();
  }

  #dropFull(): void {
    for (const [id, { meter, holders }] of this.#entries) {
      if (holders === 0 && meter.isFull) this.#entries.delete(id);
    }
  }

  #dropOldest(): void {
    for (const [id, { holders }] of this.#entries) {
      if (holders > 0) continue;
      this.#entries.delete(id);
      return;
    }
  }
}

function haveSameLimits({ limits: one }: ModelMeter, { limits: other }: ModelMeter): boolean {
  return (
    one.modelRequestsPerMinute === other.modelRequestsPerMinute &&
    one.modelTokensPerMinute === other.modelTokensPerMinute
  );
}
