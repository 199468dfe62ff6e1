/** How long a store goes on without a component that shows it, in milliseconds: for StrictMode, and for a way back. */
const LINGER_MS = 5000;
/** The shortest time between two renderings, in milliseconds. */
const FRAME_MS = 16;

/**
 * The source of a hook. It runs while a component is subscribed, and a little longer, and is published at most once a
 * frame. Components with the same store share its connection.
 */
export abstract class Store<Snapshot> {
  readonly #listeners = new Set<() => void>();
  readonly #onStop: () => void;
  #snapshot: Snapshot;
  #running: AbortController | null = null;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  #frame: ReturnType<typeof setTimeout> | undefined;

  /** @param onStop called when it has stopped, also if no component has subscribed */
  constructor(initial: Snapshot, onStop: () => void) {
    this.#snapshot = initial;
    this.#onStop = onStop;
    this.#linger();
  }

  /** Does the work until the signal aborts. */
  protected abstract run(signal: AbortSignal): void;

  /** Returns what is to be shown now. */
  protected abstract read(): Snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    clearTimeout(this.#lingering);
    this.#listeners.add(listener);
    if (!this.#running) {
      this.#running = new AbortController();
      this.run(this.#running.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#linger();
    };
  };

  readonly getSnapshot = (): Snapshot => this.#snapshot;

  /** Publishes the next snapshot with the next frame. */
  protected changed(): void {
    this.#frame ??= setTimeout(() => {
      this.#frame = undefined;
      this.#snapshot = this.read();
      for (const listener of this.#listeners) listener();
    }, FRAME_MS);
  }

  #linger(): void {
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => {
      clearTimeout(this.#frame);
      this.#frame = undefined;
      this.#running?.abort();
      this.#running = null;
      this.#onStop();
    }, LINGER_MS);
  }
}
