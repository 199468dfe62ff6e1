export interface IdleTimerOptions {
  /** In milliseconds; null for never. */
  timeoutMs: number | null;
  isIdle: () => boolean;
  onTimeout: () => void;
}

/** Calls once when something has been idle for a while without a break. It keeps no process alive. */
export class IdleTimer {
  readonly #options: IdleTimerOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IdleTimerOptions) {
    this.#options = options;
  }

  /** To be called when something may have begun or ended: counts anew, if there is nothing to do. */
  restart(): void {
    this.stop();
    const { timeoutMs, isIdle, onTimeout } = this.#options;
    if (timeoutMs === null || !isIdle()) return;
    this.#timer = setTimeout(() => {
      if (isIdle()) onTimeout();
    }, timeoutMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
