/** A notification that is stored in the commit of its event. */
export interface NewNotification {
  /** Identifies the notification for ever. It is made of the ids of the session and the event. */
  readonly id: string;
  /** The seq of the event that the notification is about. */
  readonly seq: number;
  /** The body as one line of JSON. */
  readonly body: string;
}

/** A notification that is to be delivered. */
export interface DueNotification extends Pick<NewNotification, 'id' | 'body'> {
  /** The number of attempts, including the one for which it was claimed. */
  readonly attempts: number;
}

/** A notification that is due later than this was stored before the clock was set back, and is due now. */
export const MAX_DEFERRAL_MS = 2 * 24 * 60 * 60 * 1000;

/**
 * The notifications that wait for their delivery. An append of events adds them. They are independent of
 * their sessions: a deletion of the session does not remove them.
 */
export interface NotificationOutbox {
  /**
   * Claims up to `limit` notifications that are due, those that are due longest first. No other call returns
   * them for `claimMs` milliseconds. After that, as when the server that claimed them has died, they are due again.
   */
  claim(limit: number, claimMs: number): Promise<DueNotification[]>;
  /** Makes a notification due again in `delayMs` milliseconds. Does nothing when it was removed. */
  defer(id: string, delayMs: number): Promise<void>;
  /** Removes a notification, because it was delivered, or is not attempted again. */
  remove(id: string): Promise<void>;
  /** Removes the oldest notifications beyond `max`. Returns how many. */
  trim(max: number): Promise<number>;
}
