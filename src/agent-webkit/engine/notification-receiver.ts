import type { DueNotification } from './notification-outbox.js';

/** Delivers notifications to one place. */
export interface NotificationReceiver {
  /** Names the receiver in the log, without a secret. */
  readonly name: string;
  /**
   * Resolves when the notification was accepted. Rejects when it must be attempted again.
   *
   * @param signal aborts when the attempt takes too long, or the server stops
   */
  deliver(notification: DueNotification, signal: AbortSignal): Promise<void>;
}
