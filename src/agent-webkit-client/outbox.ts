import type { UserContent } from '../agent-webkit/protocol/events.js';
import type { OutputFormat } from '../agent-webkit/protocol/output-format.js';
import { type BackoffOptions, retry } from './backoff.js';
import { OutboxFullError } from './api-error.js';

/** A message that the server has not accepted yet. */
export interface OutgoingMessage {
  readonly messageId: string;
  readonly content: UserContent;
  /** The id of the message that it replaces; absent for none. */
  readonly replaces?: string;
  /** The format of the last answer of its turn. Absent for that of the session. */
  readonly outputFormat?: OutputFormat;
  /** The number of attempts that failed. */
  readonly failures: number;
}

interface Entry extends OutgoingMessage {
  failures: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Messages that may wait at the same time. */
const MAX_WAITING = 100;

/**
 * Sends the messages of one session in their order, one at a time. While the network or the server is away they
 * wait, and are repeated with their ids, by which the server accepts each one once.
 */
export class Outbox {
  readonly #post: (message: OutgoingMessage, signal: AbortSignal) => Promise<void>;
  readonly #backoff: BackoffOptions | undefined;
  readonly #entries: Entry[] = [];
  readonly #closing = new AbortController();
  #isSending = false;

  /** @param post sends a message once */
  constructor(
    post: (message: OutgoingMessage, signal: AbortSignal) => Promise<void>,
    backoff: BackoffOptions | undefined,
  ) {
    this.#post = post;
    this.#backoff = backoff;
  }

  /** The messages that wait, in their order. */
  get waiting(): readonly OutgoingMessage[] {
    return this.#entries.map(({ messageId, content, replaces, outputFormat, failures }) => ({
      messageId,
      content,
      ...(replaces !== undefined && { replaces }),
      ...(outputFormat && { outputFormat }),
      failures,
    }));
  }

  /**
   * Resolves when the server has accepted the message, which cannot be lost then.
   *
   * @throws ApiError when the server refuses it for good
   * @throws OutboxFullError when 100 messages wait
   */
  send(message: Omit<OutgoingMessage, 'failures'>): Promise<void> {
    if (this.#entries.length >= MAX_WAITING)
      return Promise.reject(new OutboxFullError(MAX_WAITING));
    return new Promise((resolve, reject) => {
      this.#entries.push({ ...message, failures: 0, resolve, reject });
      void this.#sendAll();
    });
  }

  /** Rejects the messages that wait, and sends no others. One that is on its way may still arrive. */
  close(): void {
    this.#closing.abort(new Error('The session was closed before this message was accepted.'));
  }

  async #sendAll(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    for (let entry = this.#entries[0]; entry; entry = this.#entries[0]) {
      // oxlint-disable-next-line no-await-in-loop -- in their order
      await this.#sendFirst(entry);
    }
    this.#isSending = false;
  }

  async #sendFirst(entry: Entry): Promise<void> {
    const { signal } = this.#closing;
    const attempt = async () => {
      signal.throwIfAborted();
      try {
        await this.#post(entry, signal);
      } catch (error) {
        entry.failures += 1;
        throw error;
      }
    };
    try {
      await retry(attempt, { signal, max: Infinity, backoff: this.#backoff });
      this.#entries.shift();
      entry.resolve();
    } catch (error) {
      this.#entries.shift();
      entry.reject(signal.aborted ? signal.reason : error);
    }
  }
}
