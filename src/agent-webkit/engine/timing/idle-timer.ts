export interface IdleTimerOptions {
  /** In milliseconds; null for no timeout. */
  timeoutMs: number | null;
  isIdle: () => boolean;
  onTimeout: () => void;
}

/** Calls `onTimeout` once after something has been idle for `timeoutMs`. It does not keep the process alive. */
export class IdleTimer {
  readonly #options: IdleTimerOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IdleTimerOptions) {
    this.#options = options;
  }

  /** Starts to count anew if it is idle now, and stops otherwise. Call it when work may have begun or ended. */
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
