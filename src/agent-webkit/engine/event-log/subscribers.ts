import type { UnreadEvents } from '../census.js';
import type { Subscription } from './subscription.js';

/** How many events are published in one turn of the event loop before subscribers are woken within it. */
const WAKE_EVERY = 100;

/** The subscriptions to a log, which are woken when there is something to read. */
export class Subscribers {
  readonly #subscriptions = new Set<Subscription>();
  readonly #wakeEvery: number;
  readonly #onWoken: () => void;
  #isWaking = false;
  #wakeUp: NodeJS.Immediate | null = null;
  /** How many events were published since the subscriptions were last woken. */
  #unannounced = 0;
  readonly #whenNone: (() => void)[] = [];

  /**
   * @param maxEvents how many events are kept, so that no subscription is overtaken before it is woken
   * @param onWoken called when all subscriptions were woken
   */
  constructor(maxEvents: number, onWoken: () => void) {
    this.#wakeEvery = Math.min(WAKE_EVERY, maxEvents);
    this.#onWoken = onWoken;
  }

  /** True while the subscriptions are being woken, one after the other. */
  get areWaking(): boolean {
    return this.#isWaking;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  /** The events that subscriptions have not read. */
  get unread(): UnreadEvents {
    let [waitingBytes, maxLag] = [0, 0];
    for (const subscription of this.#subscriptions) {
      waitingBytes += subscription.waitingBytes;
      maxLag = Math.max(maxLag, subscription.lag);
    }
    return { subscribers: this.size, waitingBytes, maxLag };
  }

  add(subscription: Subscription): void {
    this.#subscriptions.add(subscription);
  }

  remove(subscription: Subscription): void {
    if (!this.#subscriptions.delete(subscription)) return;
    subscription.onClose();
    if (this.#subscriptions.size > 0) return;
    for (const resolve of this.#whenNone.splice(0)) resolve();
  }

  /** Resolves when there is no subscription. */
  none(): Promise<void> {
    if (this.#subscriptions.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenNone.push(resolve));
  }

  /**
   * Wakes each subscription once for all events published in one turn of the event loop. Wakes them
   * earlier when there are so many events that the log would overtake a fast subscriber.
   */
  wake(published: number): void {
    if (this.#subscriptions.size === 0) return;
    this.#unannounced += published;
    if (this.#unannounced >= this.#wakeEvery) return this.#announce();
    this.#wakeUp ??= setImmediate(() => this.#announce());
  }

  #announce(): void {
    if (this.#wakeUp) clearImmediate(this.#wakeUp);
    this.#wakeUp = null;
    this.#unannounced = 0;
    this.#isWaking = true;
    for (const subscription of this.#subscriptions) subscription.notify();
    this.#isWaking = false;
    this.#onWoken();
  }
}
