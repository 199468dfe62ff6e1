import type { EventPage } from '../event-log/committed-events.js';
import type { Subscription } from '../event-log/subscription.js';
import type { EndReason } from './session-lifecycle.js';

/**
 * The reason why a session can no longer be read here: its own end, or `moved`: another part of this
 * server has it now.
 */
export type ReadEndReason = EndReason | 'moved';

/** A session as its readers see it: the session in this server's memory, or a tail of another server's session. */
export interface ReadableSession {
  readonly id: string;
  readonly owner: string;
  /** The epoch of the record from which it was read last. */
  readonly epoch: number;
  /** The id of the first event of the window: it and every later one are kept. */
  readonly firstId: number;
  /** The seq of the last committed event, 0 while there is none. */
  readonly lastSeq: number;
  /** The id of the last committed event, 0 while there is none. */
  readonly lastId: number;
  /** Null while the session can be read and followed here. After `deleted`, its events can still be read. */
  readonly endReason: ReadEndReason | null;
  /**
   * Subscribes to the events after a cursor; 0 for all that are kept. The caller closes the subscription.
   *
   * @throws what {@link checkSubscribable} throws
   */
  subscribe(after: number, onReadable: () => void): Subscription;
  /**
   * Subscribes as {@link subscribe} does, after a cursor that {@link checkSubscribable} accepted. If
   * its next event was evicted since, the first reading is `overtaken`.
   *
   * @throws TooManySubscribersError
   */
  subscribeChecked(after: number, onReadable: () => void): Subscription;
  /**
   * Throws if {@link subscribe} would throw now.
   *
   * @throws TooManySubscribersError, CursorEvictedError, CursorAheadError or CursorLostError
   */
  checkSubscribable(after: number): void;
  /**
   * Reads the events after a cursor at the reader's own pace; 0 for all that are kept. It is no subscriber: nothing
   * calls it when events are published, and it keeps no agent.
   *
   * @param onReadable called when events are there that a read has found only in the storage
   * @throws CursorEvictedError, CursorAheadError or CursorLostError
   */
  readerAt(after: number, onReadable: () => void): Subscription;
  /** Reads one page of events after a cursor; 0 for all that are kept. */
  read(after: number, limit: number): Promise<EventPage>;
}
