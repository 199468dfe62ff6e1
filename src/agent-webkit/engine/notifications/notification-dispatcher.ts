import type { EngineLogger } from '../engine-logger.js';
import { ShuttingDownError, StorageUnavailableError } from '../errors.js';
import type { DueNotification, NotificationOutbox } from '../notification-outbox.js';
import {
  type NotificationReceiver,
  ReceiverBusyError,
  ReceiverGoneError,
} from '../notification-receiver.js';
import { within } from '../timing/within.js';
import { delayAfter } from './attempt-delays.js';
import { DeliveryReport } from './delivery-report.js';

export interface NotificationDispatcherOptions {
  outbox: NotificationOutbox;
  receiver: NotificationReceiver;
  logger: Pick<EngineLogger, 'warn'>;
  /**
   * How long one attempt may take, in milliseconds.
   *
   * @default 15000
   */
  timeoutMs?: number;
  /**
   * How many notifications may wait for their delivery.
   *
   * @default 50000
   */
  maxStored?: number;
  /**
   * How often the number of stored notifications is limited, in milliseconds.
   *
   * @default 60000
   */
  trimMs?: number;
}

/** How many notifications are delivered at the same time. */
const MAX_DELIVERIES = 8;
const TIMEOUT_MS = 15_000;
const MAX_STORED = 50_000;
/** How often to look for notifications that are due, in milliseconds: of other servers, and after a failure. */
const POLL_MS = 5000;
const TRIM_MS = 60_000;
/** How long a stop waits for the notifications that are due, in milliseconds. */
const STOP_MS = 1000;

/**
 * Delivers the notifications of the outbox, at least once each. No session waits for it.
 *
 * A notification is claimed, delivered and removed. After a failure it is deferred, each time longer, and
 * it is removed after the last attempt. A claim is twice as long as an attempt: when this server dies, the
 * notification is due again after that, for any server.
 *
 * A receiver that asks for a pause gets nothing from this server until its end, and one that is gone gets nothing
 * until the server restarts. The notifications stay in the outbox, within its maximum.
 */
export class NotificationDispatcher {
  readonly #options: NotificationDispatcherOptions;
  readonly #timeoutMs: number;
  readonly #report: DeliveryReport;
  readonly #deliveries = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #poll: NodeJS.Timeout | undefined;
  #claiming: Promise<void> | null = null;
  /** True when notifications may have become due since the last claim began. */
  #hasMore = false;
  /** No delivery begins before this time, as `performance.now()`. Infinity when the receiver is gone. */
  #closedUntil = Number.NEGATIVE_INFINITY;
  #trimmedAt = Number.NEGATIVE_INFINITY;

  constructor(options: NotificationDispatcherOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#report = new DeliveryReport(options.receiver.name, options.logger);
  }

  /** Starts to deliver the notifications that are due. */
  start(): void {
    if (this.#poll !== undefined || this.#stopped.signal.aborted) return;
    this.#poll = setInterval(() => this.wake(), POLL_MS).unref();
    this.wake();
  }

  /** Call it when notifications were committed. Has no effect before the start. */
  wake(): void {
    this.#hasMore = true;
    if (this.#poll === undefined || this.#claiming) return;
    this.#claiming = this.#claimAll().finally(() => {
      this.#claiming = null;
      if (this.#hasRoom) this.wake();
    });
  }

  /** Stops after a last attempt for what is due. What is not delivered in a second is due again. */
  async stop(): Promise<void> {
    this.wake();
    await within(STOP_MS, this.#idle());
    clearInterval(this.#poll);
    this.#poll = undefined;
    this.#stopped.abort(new ShuttingDownError());
    await within(STOP_MS, this.#idle());
  }

  /** True when more can be claimed, and may be due. */
  get #hasRoom(): boolean {
    const isStopped = this.#stopped.signal.aborted;
    return !isStopped && !this.#isClosed && this.#hasMore && this.#deliveries.size < MAX_DELIVERIES;
  }

  get #isClosed(): boolean {
    return performance.now() < this.#closedUntil;
  }

  async #idle(): Promise<void> {
    while (this.#claiming || this.#deliveries.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- each delivery may be followed by a claim
      await Promise.all([this.#claiming, ...this.#deliveries]);
    }
  }

  async #claimAll(): Promise<void> {
    const { outbox } = this.#options;
    try {
      /* oxlint-disable no-await-in-loop -- the next claim depends on the room that this one leaves */
      await this.#trim();
      while (this.#hasRoom) {
        this.#hasMore = false;
        const room = MAX_DELIVERIES - this.#deliveries.size;
        const due = await outbox.claim(room, 2 * this.#timeoutMs);
        if (due.length === room) this.#hasMore = true;
        for (const notification of due) this.#begin(notification);
      }
      /* oxlint-enable no-await-in-loop */
    } catch (error) {
      this.#handle(error);
    }
  }

  #begin(notification: DueNotification): void {
    const delivery = this.#deliver(notification)
      .catch((error: unknown) => this.#handle(error))
      .finally(() => {
        this.#deliveries.delete(delivery);
        if (this.#hasRoom) this.wake();
      });
    this.#deliveries.add(delivery);
  }

  async #deliver(notification: DueNotification): Promise<void> {
    const { outbox } = this.#options;
    const { id, attempts } = notification;
    if (this.#isClosed) return outbox.defer(id, 0); // since it was claimed
    try {
      await this.#attempt(notification);
    } catch (error) {
      if (this.#stopped.signal.aborted) return outbox.defer(id, 0);
      return this.#retryLater(id, attempts, error);
    }
    this.#report.succeeded();
    await outbox.remove(id);
  }

  /** Rejects when the receiver does, or does not react to the end of the time. */
  async #attempt(notification: DueNotification): Promise<void> {
    const ending = new AbortController();
    const end = () => ending.abort(this.#stopped.signal.reason);
    this.#stopped.signal.addEventListener('abort', end, { once: true });
    const timer = setTimeout(
      () => ending.abort(new Error(`No answer within ${this.#timeoutMs / 1000} s.`)),
      this.#timeoutMs,
    ).unref();
    const ended = new Promise<never>((_, reject) => {
      ending.signal.addEventListener('abort', () => reject(ending.signal.reason as Error));
      if (this.#stopped.signal.aborted) end();
    });
    ended.catch(() => undefined); // nothing waits for it after the delivery
    try {
      await Promise.race([this.#options.receiver.deliver(notification, ending.signal), ended]);
    } finally {
      clearTimeout(timer);
      this.#stopped.signal.removeEventListener('abort', end);
    }
  }

  async #retryLater(id: string, attempts: number, error: unknown): Promise<void> {
    const { outbox } = this.#options;
    if (error instanceof ReceiverGoneError) {
      this.#closedUntil = Number.POSITIVE_INFINITY;
      this.#report.gone(error);
    }
    const pauseMs = error instanceof ReceiverBusyError ? error.pauseMs : 0;
    this.#closedUntil = Math.max(this.#closedUntil, performance.now() + pauseMs);
    const usualMs = delayAfter(attempts);
    if (usualMs === null) {
      this.#report.abandoned(id, error);
      return outbox.remove(id);
    }
    this.#report.failed(id, error);
    const delayMs = Math.max(usualMs, pauseMs);
    await outbox.defer(id, delayMs);
    if (delayMs < POLL_MS) setTimeout(() => this.wake(), delayMs).unref();
  }

  async #trim(): Promise<void> {
    const { outbox, maxStored = MAX_STORED, trimMs = TRIM_MS } = this.#options;
    if (performance.now() - this.#trimmedAt < trimMs) return;
    this.#trimmedAt = performance.now();
    const removed = await outbox.trim(maxStored);
    if (removed > 0) this.#report.trimmed(removed, maxStored);
  }

  #handle(error: unknown): void {
    // The storage's guard reports it. Without an answer, the notification is due again when its claim lapses.
    if (error instanceof StorageUnavailableError || error instanceof ShuttingDownError) return;
    this.#options.logger.warn(`Notifications are delayed: ${String(error)}`);
  }
}
