import { randomUUID } from 'node:crypto';
import type { UserMessage } from '../../protocol/inbound.js';
import { BackpressureError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { IdempotencyKeys } from '../idempotency-keys.js';

export interface MessageQueueLimits {
  /** How many messages may be queued. */
  maxQueuedMessages: number;
  /** How many characters the queued messages may have together before the next one is rejected. */
  maxLogChars: number;
}

/**
 * Accepts user messages into a session's queue, which is part of the log's state. Accepts each
 * message once, however often it is sent, and only as many as the limits allow.
 */
export class MessageQueue {
  readonly #log: EventLog;
  readonly #limits: MessageQueueLimits;
  readonly #assertAvailable: () => void;
  /** True when the log is older than this object, so that the storage may have keys that are not in `#accepted`. */
  readonly #mayHaveEarlierKeys: boolean;
  readonly #accepted = new IdempotencyKeys<void>();

  /** @param assertAvailable throws when a message that was not accepted before cannot be accepted now */
  constructor(log: EventLog, limits: MessageQueueLimits, assertAvailable: () => void) {
    this.#log = log;
    this.#limits = limits;
    this.#assertAvailable = assertAvailable;
    this.#mayHaveEarlierKeys = log.lastSeq > 0;
  }

  /**
   * Resolves when the message is queued and committed, or was accepted before: by its `message_id`,
   * or by the request's idempotency key.
   *
   * @throws BackpressureError when the queue is full
   */
  accept(message: UserMessage, idempotencyKey: string | undefined): Promise<void> {
    const keys = [
      ...(message.message_id === undefined ? [] : [`message ${message.message_id}`]),
      ...(idempotencyKey === undefined ? [] : [`key ${idempotencyKey}`]),
    ];
    const enqueue = () => this.#enqueue(message, keys);
    // Nested, so that the message is a retry when either of its keys was accepted before.
    const acceptOnce = keys.reduce<() => Promise<void>>(
      (accept, key) => () => this.#accepted.once(key, accept),
      enqueue,
    );
    return acceptOnce();
  }

  async #enqueue(
    { message_id = randomUUID(), content }: UserMessage,
    keys: string[],
  ): Promise<void> {
    if (this.#mayHaveEarlierKeys) {
      const known = await Promise.all(keys.map((key) => this.#log.hasKey(key)));
      if (known.includes(true)) return;
    }
    this.#assertAvailable();
    const { queue, queuedChars } = this.#log.state;
    if (queue.length >= this.#limits.maxQueuedMessages) {
      throw new BackpressureError(`${queue.length} messages are`);
    }
    if (queue.length > 0 && queuedChars >= this.#limits.maxLogChars) {
      throw new BackpressureError(`${queuedChars} characters of messages are`);
    }
    await this.#log.appendOnce({ event: 'user_message', data: { message_id, content } }, keys);
  }
}
