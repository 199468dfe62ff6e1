import {
  type MonoTypeOperatorFunction,
  Observable,
  type Subscriber,
  type Subscription,
} from 'rxjs';

/** The maximum number of subscriptions to a source. They spread the work over the period. */
const PHASES = 64;

/**
 * Shares a source that emits once in a period, as `interval(periodMs)` does, among thousands of
 * subscribers. Those that subscribe in the same 64th of the period share one subscription, and so one
 * timer. A subscriber receives its first value after `periodMs`, or up to a 64th of it earlier. When
 * the last subscriber of a 64th has left, its subscription ends.
 */
export function shareByPhase<T>(periodMs: number): MonoTypeOperatorFunction<T> {
  return (source) => {
    const phases = Array.from({ length: PHASES }, () => new Phase(source));
    return new Observable((subscriber) => {
      const elapsed = (performance.now() % periodMs) / periodMs;
      const phase = phases[Math.floor(elapsed * PHASES)];
      phase?.add(subscriber);
      return () => phase?.delete(subscriber);
    });
  };
}

/** The subscribers of one phase. RxJS' `share` takes a third of a kilobyte more for each. */
class Phase<T> {
  readonly #source: Observable<T>;
  readonly #subscribers = new Set<Subscriber<T>>();
  #connection: Subscription | null = null;

  constructor(source: Observable<T>) {
    this.#source = source;
  }

  add(subscriber: Subscriber<T>): void {
    this.#subscribers.add(subscriber);
    this.#connection ??= this.#source.subscribe((value) => this.#emit(value));
  }

  delete(subscriber: Subscriber<T>): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#connection?.unsubscribe();
    this.#connection = null;
  }

  #emit(value: T): void {
    for (const subscriber of this.#subscribers) subscriber.next(value);
  }
}
