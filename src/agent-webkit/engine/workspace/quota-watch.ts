export interface QuotaWatchOptions {
  /** Maximum size, in bytes. */
  readonly quotaBytes: number;
  /** Resolves to the present size in bytes, or to any larger value than `stopAbove`. */
  readonly measure: (stopAbove: number) => Promise<number>;
  readonly activity: () => 'working' | 'idle' | 'gone';
  /** Called once for an agent, which has to be ended. */
  readonly onExceeded: () => void;
  /** Called with an error that prevents a measurement. The next one is made all the same. */
  readonly onFailure: (error: unknown) => void;
}

/** How much a turn may add to a folder that is too large already, because an agent always writes something. */
export const SLACK_BYTES = 1024 * 1024;
/** The shortest time between two measurements, while an agent works and while it is idle. */
const INTERVAL_MS = { working: 2000, idle: 30_000 };
/** The least time between two measurements, as a multiple of how long the last one took. */
const REST = 10;

/**
 * Measures the folders of a session while its agent runs, and reports when a turn makes them larger than
 * the quota. A turn may shrink folders that are too large already, and not enlarge them: their size
 * before the turn takes the place of the quota.
 */
export class QuotaWatch {
  readonly #options: QuotaWatchOptions;
  /** The least size since the agent was last idle; null until it is measured. */
  #baseline: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isMeasuring = false;
  #isStopped = true;

  constructor(options: QuotaWatchOptions) {
    this.#options = options;
  }

  /** Call it when an agent starts. */
  start(): void {
    this.#isStopped = false;
    this.#baseline = null;
    this.#measureSoon(0);
  }

  /** Call it when a turn starts. It is measured more often than an idle agent. */
  turnStarted(): void {
    if (!this.#isStopped) this.#measureSoon(this.#baseline === null ? 0 : INTERVAL_MS.working);
  }

  /** Call it when the session ends on this server. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #measureSoon(delayMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isMeasuring) return; // continues when that is done
    this.#timer = setTimeout(() => void this.#check(), delayMs).unref();
  }

  async #check(): Promise<void> {
    const { measure, activity, onExceeded, onFailure } = this.#options;
    const before = activity();
    if (before === 'gone') return this.stop();
    this.#isMeasuring = true;
    const startedAt = performance.now();
    try {
      const stopAbove = this.#baseline === null ? Number.POSITIVE_INFINITY : this.#limit;
      const size = await measure(stopAbove);
      if (this.#isStopped) return;
      const isTooLarge = this.#baseline !== null && size > this.#limit;
      if (isTooLarge && activity() !== 'gone') {
        this.stop();
        return onExceeded();
      }
      // Nothing worked meanwhile, so that it is the size before the next turn.
      const wasIdle = before === 'idle' && activity() === 'idle';
      this.#baseline = wasIdle ? size : Math.min(this.#baseline ?? size, size);
    } catch (error) {
      onFailure(error);
    } finally {
      this.#isMeasuring = false;
    }
    const after = activity();
    if (this.#isStopped || after === 'gone') return this.stop();
    const tookMs = performance.now() - startedAt;
    this.#measureSoon(Math.max(INTERVAL_MS[after], tookMs * REST));
  }

  get #limit(): number {
    return Math.max(this.#options.quotaBytes, (this.#baseline ?? 0) + SLACK_BYTES);
  }
}
