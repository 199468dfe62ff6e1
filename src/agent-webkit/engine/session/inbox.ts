import { randomUUID } from 'node:crypto';
import type { UserMessage } from '../../protocol/inbound.js';
import { IdempotencyKeys } from '../idempotency-keys.js';
import { answered } from '../answered.js';
import { BackpressureError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';

export interface InboxLimits {
  /** How many messages may wait. */
  maxQueuedMessages: number;
  /** How many characters those that wait may have, before one more is refused. */
  maxLogChars: number;
}

/** Takes a session's user messages: each once, however often it is sent, and only as many as may wait. */
export class Inbox {
  readonly #log: EventLog;
  readonly #limits: InboxLimits;
  readonly #assertRoom: () => void;
  /** Whether the log is older than this, so that the storage may know keys which are not known here. */
  readonly #mayHaveEarlierKeys: boolean;
  readonly #accepted = new IdempotencyKeys<void>();

  /** @param assertRoom throws when a message that was not accepted before cannot be accepted now */
  constructor(log: EventLog, limits: InboxLimits, assertRoom: () => void) {
    this.#log = log;
    this.#limits = limits;
    this.#assertRoom = assertRoom;
    this.#mayHaveEarlierKeys = log.lastSeq > 0;
  }

  /**
   * Resolves when the message waits for its turn, committed, or was accepted before: by its
   * `message_id`, or by the key its sender gave the request.
   *
   * @throws BackpressureError when as many wait as may
   */
  accept(message: UserMessage, idempotencyKey: string | undefined): Promise<void> {
    const keys = [
      ...(message.message_id === undefined ? [] : [`message ${message.message_id}`]),
      ...(idempotencyKey === undefined ? [] : [`key ${idempotencyKey}`]),
    ];
    const enqueue = () => this.#enqueue(message, keys);
    // One key within the other: whichever was accepted before settles it.
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
      const known = await answered(Promise.all(keys.map((key) => this.#log.hasKey(key))));
      if (known.includes(true)) return;
    }
    this.#assertRoom();
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
