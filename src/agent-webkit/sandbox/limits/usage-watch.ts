import { setImmediate } from 'node:timers/promises';
import type { ExceededLimit, SandboxLimits } from '../../engine/agent-sandbox.js';
import type { Usage } from './sandbox-usage.js';

/** A program whose usage is watched. */
export interface Watched {
  readonly limits: SandboxLimits;
  /** Returns the usage; null while it is not known. */
  readonly usage: () => Usage | null;
  /** Called once, when a limit is exceeded. It must end the program. */
  readonly onExceeded: (limit: ExceededLimit) => void;
}

export interface UsageWatchOptions {
  /** How often the usage is read, in milliseconds. @default 500 */
  intervalMs?: number;
  /** How often it is read while a program uses half of a limit or more, in milliseconds. @default 50 */
  nearIntervalMs?: number;
}

/**
 * Reads the usage of all programs of the server, by one timer, and ends those that exceed a limit. The timer
 * runs while there are any, and does not keep the server alive.
 */
export class UsageWatch {
  readonly #intervalMs: number;
  readonly #nearIntervalMs: number;
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;
  #isReading = false;

  constructor({ intervalMs = 500, nearIntervalMs = 50 }: UsageWatchOptions = {}) {
    this.#intervalMs = intervalMs;
    this.#nearIntervalMs = nearIntervalMs;
  }

  /** Watches a program until the returned function is called. */
  add(watched: Watched): () => void {
    this.#watched.add(watched);
    this.#schedule(this.#intervalMs);
    return () => {
      this.#watched.delete(watched);
      if (this.#watched.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#isReading || this.#watched.size === 0) return;
    this.#timer = setTimeout(() => void this.#readAll(), delayMs);
    this.#timer.unref();
  }

  async #readAll(): Promise<void> {
    this.#timer = undefined;
    this.#isReading = true;
    let nearest = 0;
    // Programs may be added and removed meanwhile.
    for (const watched of this.#watched) {
      nearest = Math.max(nearest, this.#read(watched));
      // oxlint-disable-next-line no-await-in-loop -- lets the server answer between two programs
      await setImmediate();
    }
    this.#isReading = false;
    this.#schedule(nearest >= 0.5 ? this.#nearIntervalMs : this.#intervalMs);
  }

  /** Returns the largest part of a limit that the program uses, 1 for all of it. */
  #read(watched: Watched): number {
    const usage = this.#watched.has(watched) ? watched.usage() : null;
    if (usage === null) return 0;
    const memory = usage.memoryBytes / (watched.limits.memoryBytes ?? Infinity);
    const processes = usage.processes / (watched.limits.processes ?? Infinity);
    const nearest = Math.max(memory, processes);
    if (nearest <= 1) return nearest;
    this.#watched.delete(watched);
    watched.onExceeded(memory >= processes ? 'memory' : 'processes');
    return 0;
  }
}
