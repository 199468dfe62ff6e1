import type { Appended } from '../event-log/group-commit.js';
import type { EngineLogger } from '../engine-logger.js';
import { NOTIFICATION_TYPES, type NotificationObserver } from '../notification.js';
import type { SessionRecord } from '../storage.js';
import { mayNotify, notificationsAbout, type NotifyingLog } from './session-notifications.js';

/**
 * Passes notifications about committed events to observers in this process, at most once each. Nothing is
 * stored, and nothing waits for an observer.
 */
export class NotificationFeed {
  readonly #logger: Pick<EngineLogger, 'error'>;
  readonly #observers = new Set<NotificationObserver>();
  #hasEnded = false;

  constructor(logger: Pick<EngineLogger, 'error'>) {
    this.#logger = logger;
  }

  /** Adds an observer. Returns a function that removes it. */
  observe(observer: NotificationObserver): () => void {
    if (this.#hasEnded) observer.complete();
    else this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /**
   * Call it with events of a session that were just committed. The observers are called in the same order, after the
   * code that is running: they may use the session at once.
   *
   * @param log the session as of its last committed event
   */
  committed(
    session: Pick<SessionRecord, 'id' | 'owner'>,
    appended: readonly Appended[],
    log: NotifyingLog,
  ): void {
    if (this.#observers.size === 0 || !appended.some(({ wire }) => mayNotify(wire))) return;
    for (const { notification } of notificationsAbout(session, appended, log, NOTIFICATION_TYPES)) {
      this.#callEach((observer) => observer.next(notification));
    }
  }

  /** Ends the feed, after the notifications before it. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#callEach((observer) => observer.complete());
    queueMicrotask(() => this.#observers.clear());
  }

  #callEach(call: (observer: NotificationObserver) => void): void {
    queueMicrotask(() => {
      for (const observer of this.#observers) {
        try {
          call(observer);
        } catch (error) {
          this.#logger.error('An observer of notifications threw an error.', error);
        }
      }
    });
  }
}
