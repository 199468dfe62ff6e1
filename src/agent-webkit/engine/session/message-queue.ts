import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { UserContent } from '../../protocol/events.js';
import type { UserMessage } from '../../protocol/inbound.js';
import type { Caller } from '../caller.js';
import {
  BackpressureError,
  InvalidRequestError,
  MessageNotFoundError,
  MessageNotQueuedError,
} from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import type { QueuedMessage } from '../event-log/session-state.js';
import { IdempotencyKeys } from '../idempotency-keys.js';
import type { AcceptSpan } from '../turn-tracer.js';
import type { ReplacedMessages } from './replaced-messages.js';
import type { Steering } from './steering.js';

export interface MessageQueueLimits {
  /** How many messages may be queued. */
  maxQueuedMessages: number;
  /** How many characters the queued messages may have together before the next one is rejected. */
  maxLogChars: number;
}

const NOT_STEERED =
  'replaces: not with the delivery next_step. A message that replaces another one begins a turn.';

type IdentifiedMessage = UserMessage & { message_id: string };
type SteeredState = Pick<Steering, 'isTaken' | 'settle'>;

/**
 * Accepts user messages into a session's queue, which is part of the log's state. Accepts each
 * message once, however often it is sent, and only as many as the limits allow.
 */
export class MessageQueue {
  readonly #log: EventLog;
  readonly #owner: string;
  readonly #limits: MessageQueueLimits;
  readonly #assertAvailable: () => void | Promise<void>;
  readonly #steered: () => SteeredState;
  readonly #replaced: () => Pick<ReplacedMessages, 'check'>;
  readonly #trace: (messageId: string) => AcceptSpan | null;
  /** True when the log is older than this object, so that the storage may have keys that are not in `#accepted`. */
  readonly #mayHaveEarlierKeys: boolean;
  readonly #accepted = new IdempotencyKeys<void>();

  /**
   * @param assertAvailable throws when a message that was not accepted before cannot be accepted now
   * @param steered returns what tells if an agent has a queued message
   * @param replaced returns what tells if a message can be replaced
   * @param trace begins the span of the acceptance of a message; null for none
   */
  constructor(
    log: EventLog,
    owner: string,
    limits: MessageQueueLimits,
    assertAvailable: () => void | Promise<void>,
    steered: () => SteeredState,
    replaced: () => Pick<ReplacedMessages, 'check'>,
    trace: (messageId: string) => AcceptSpan | null = () => null,
  ) {
    this.#log = log;
    this.#owner = owner;
    this.#limits = limits;
    this.#assertAvailable = assertAvailable;
    this.#steered = steered;
    this.#replaced = replaced;
    this.#trace = trace;
    this.#mayHaveEarlierKeys = log.lastSeq > 0;
  }

  /**
   * Resolves when the message is queued and committed, or was accepted before: by its `message_id`,
   * or by the request's idempotency key.
   *
   * @param by who has sent it
   * @param assertAccepted called when nothing is awaited any more; throws when the message must not be accepted now
   * @throws BackpressureError when the queue is full
   * @throws MessageNotReplaceableError when the message that it replaces cannot be replaced
   */
  accept(
    message: UserMessage,
    by: Caller,
    idempotencyKey: string | undefined,
    assertAccepted: () => void = () => undefined,
  ): Promise<void> {
    const messageId = message.message_id ?? randomUUID();
    const keys = [
      messageKey(messageId),
      ...(idempotencyKey === undefined ? [] : [this.#requestKey(idempotencyKey, by)]),
    ];
    const enqueue = () =>
      this.#enqueueTraced({ ...message, message_id: messageId }, by, keys, assertAccepted);
    // Nested, so that the message is a retry when either of its keys was accepted before.
    const acceptOnce = keys.reduce<() => Promise<void>>(
      (accept, key) => () => this.#accepted.once(key, accept),
      enqueue,
    );
    return acceptOnce();
  }

  /** Members choose their keys by themselves. */
  #requestKey(key: string, by: Caller): string {
    return by.id === this.#owner ? `key ${key}` : `key of ${JSON.stringify(by.id)} ${key}`;
  }

  async #enqueueTraced(
    message: IdentifiedMessage,
    by: Caller,
    keys: string[],
    assertAccepted: () => void,
  ): Promise<void> {
    const span = this.#trace(message.message_id);
    try {
      await this.#enqueue(message, by, keys, assertAccepted, span);
      span?.end();
    } catch (error) {
      span?.end(error);
      throw error;
    }
  }

  async #enqueue(
    { message_id, content, delivery, replaces, output_format }: IdentifiedMessage,
    { id: by }: Caller,
    keys: string[],
    assertAccepted: () => void,
    span: AcceptSpan | null,
  ): Promise<void> {
    if (this.#mayHaveEarlierKeys) {
      const known = await Promise.all(keys.map((key) => this.#log.hasKey(key)));
      if (known.includes(true)) return;
    }
    // Without a tick if nothing is asked, because a deletion that begins later must not come before the message.
    const asked = this.#assertAvailable();
    if (asked) await asked;
    if (replaces !== undefined && delivery === 'next_step')
      throw new InvalidRequestError(NOT_STEERED);
    const assertReplaceable =
      replaces === undefined ? null : await this.#replaced().check(replaces);
    // Without an await from here on.
    assertReplaceable?.();
    assertAccepted();
    const { queue, queuedChars } = this.#log.state;
    if (queue.length >= this.#limits.maxQueuedMessages) {
      throw new BackpressureError(`${queue.length} messages are`);
    }
    if (queue.length > 0 && queuedChars >= this.#limits.maxLogChars) {
      throw new BackpressureError(`${queuedChars} characters of messages are`);
    }
    const data = {
      message_id,
      content,
      ...(delivery === 'next_step' && { delivery }),
      ...(replaces !== undefined && { replaces }),
      ...(output_format && { output_format }),
      by,
      ...span?.context,
    };
    span?.commit();
    await this.#log.appendOnce({ event: 'user_message', data }, keys);
  }

  /**
   * Replaces the content of a queued message. Resolves when that is committed, or has been before under this key.
   *
   * @throws MessageNotFoundError, MessageNotQueuedError
   * @throws BackpressureError when the queue would be full
   */
  async edit(
    messageId: string,
    content: UserContent,
    { id: by }: Caller,
    idempotencyKey: string | undefined,
    assertAccepted: () => void = () => undefined,
  ): Promise<void> {
    const keys = idempotencyKey === undefined ? [] : [`edit ${messageId} ${idempotencyKey}`];
    const [key] = keys;
    if (key !== undefined && (await this.#log.hasKey(key))) return;
    const message = await this.#find(messageId);
    if (!message) return this.#reject(messageId);
    assertAccepted();
    // Equal to one that may still wait for its commit.
    if (isDeepStrictEqual(message.content, content)) return this.#committed();
    const { queue, queuedChars } = this.#log.state;
    const { data } = message.editEvent ?? message.event;
    const otherChars = queuedChars - data.length;
    if (queue.length > 1 && otherChars >= this.#limits.maxLogChars) {
      throw new BackpressureError(`${otherChars} characters of messages are`);
    }
    const edited = { message_id: messageId, content, by };
    await this.#log.appendOnce({ event: 'message_edited', data: edited }, keys);
  }

  /**
   * Removes a message from the queue. Resolves when that is committed, or was before.
   *
   * @throws MessageNotFoundError, MessageNotQueuedError
   */
  async withdraw(messageId: string, { id: by }: Caller): Promise<void> {
    const key = `withdrawn ${messageId}`;
    if (await this.#find(messageId)) {
      const data = { message_id: messageId, by };
      return this.#log.appendOnce({ event: 'message_withdrawn', data }, [key]);
    }
    // Another withdrawal may still wait for its commit.
    await this.#committed();
    if (await this.#log.hasKey(key)) return;
    return this.#reject(messageId);
  }

  /** Resolves when everything that was appended is committed. */
  async #committed(): Promise<void> {
    if (!this.#log.isCommitted) await this.#log.append();
  }

  /** Returns a queued message that no agent has. */
  async #find(messageId: string): Promise<QueuedMessage | undefined> {
    const steered = this.#steered();
    if (steered.isTaken(messageId)) await steered.settle();
    if (steered.isTaken(messageId)) return undefined;
    return this.#log.state.queue.find((queued) => queued.messageId === messageId);
  }

  async #reject(messageId: string): Promise<never> {
    const isKnown = await this.#log.hasKey(messageKey(messageId));
    throw isKnown ? new MessageNotQueuedError(messageId) : new MessageNotFoundError(messageId);
  }
}

function messageKey(messageId: string): string {
  return `message ${messageId}`;
}
