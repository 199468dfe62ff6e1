/** How often it is tried again to stop an agent whose requests have waited for long enough, in milliseconds. */
const RETRY_MS = 1000;

export interface HoldTimerOptions {
  /** How long an agent is kept for durable requests alone, in milliseconds. */
  holdMs: number;
  /** Returns true while the agent waits for a durable request. */
  isWaiting: () => boolean;
  /** Called when the agent need not be kept any longer, and then every second, while it waits. */
  onHeld: () => void;
}

/** Limits how long an agent is kept while it waits for durable requests. */
export class HoldTimer {
  readonly #options: HoldTimerOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HoldTimerOptions) {
    this.#options = options;
  }

  /** Counts from now. Call it when the agent begins to wait for a durable request. */
  restart(): void {
    this.#start(this.#options.holdMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(delayMs: number): void {
    this.stop();
    this.#timer = setTimeout(() => this.#held(), delayMs).unref();
  }

  #held(): void {
    if (!this.#options.isWaiting()) return;
    this.#start(RETRY_MS);
    this.#options.onHeld();
  }
}
