import type { DueNotification } from './notification-outbox.js';

/** Delivers notifications to one place. */
export interface NotificationReceiver {
  /** Names the receiver in the log, without a secret. */
  readonly name: string;
  /**
   * Resolves when the notification was accepted. Rejects when it must be attempted again.
   *
   * @throws ReceiverBusyError when nothing is to be delivered for some time
   * @throws ReceiverGoneError when nothing is to be delivered any more
   * @param signal aborts when the attempt takes too long, or the server stops
   */
  deliver(notification: DueNotification, signal: AbortSignal): Promise<void>;
}

/** The receiver asked for a pause, during which it wants no deliveries. */
export class ReceiverBusyError extends Error {
  override readonly name = 'ReceiverBusyError';
  /** The length of the pause in milliseconds. */
  readonly pauseMs: number;

  constructor(message: string, pauseMs: number) {
    super(message);
    this.pauseMs = pauseMs;
  }
}

/** The receiver wants no more notifications. */
export class ReceiverGoneError extends Error {
  override readonly name = 'ReceiverGoneError';
}
