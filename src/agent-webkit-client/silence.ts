/** Aborts a connection that has been silent for too long, or whose reader has left. */
export class SilenceLimit {
  readonly #control = new AbortController();
  readonly #outer: AbortSignal;
  readonly #silenceMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outer: AbortSignal, silenceMs: number) {
    this.#outer = outer;
    this.#silenceMs = silenceMs;
    outer.addEventListener('abort', this.#leave, { once: true });
    if (outer.aborted) this.#leave();
    this.heard();
  }

  /** Aborts with the limit. */
  get signal(): AbortSignal {
    return this.#control.signal;
  }

  /** Counts from now. */
  heard(): void {
    clearTimeout(this.#timer);
    const silent = () =>
      this.#control.abort(new Error('The server has sent nothing for too long.'));
    this.#timer = setTimeout(silent, this.#silenceMs);
  }

  /** Aborts the connection if it is open, and ends the timer. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#leave);
    this.#control.abort();
  }

  readonly #leave = (): void => this.#control.abort(this.#outer.reason);
}
