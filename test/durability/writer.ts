import { randomUUID } from 'node:crypto';
import type { Answer } from '../support/ask.js';
import { eventually } from '../support/eventually.js';
import type { SentMessage } from './verify.js';

export interface WriterOptions {
  /** Sends a message to the session, without a retry. */
  send: (message: object) => Promise<Answer | null>;
  /** Returns the next message. */
  compose: () => string;
  /** Resolves when the queue has room for one more message. */
  room: () => Promise<void>;
}

/**
 * Sends one message after the other. It retries each with the same `message_id` until it is accepted
 * with 204. Now and then it repeats the last one, like a client that missed the response.
 */
export class Writer {
  readonly sent: SentMessage[] = [];
  readonly #options: WriterOptions;
  readonly #ended: Promise<void>;
  #isStopping = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#ended = this.#write();
    // `stop` reports the error.
    this.#ended.catch(() => undefined);
  }

  /** Resolves when its last message is accepted. @throws Error when one was rejected permanently */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#ended;
  }

  async #write(): Promise<void> {
    const { compose, room } = this.#options;
    while (!this.#isStopping) {
      /* oxlint-disable no-await-in-loop -- it sends one message after the other */
      const message = { messageId: randomUUID(), content: compose(), isAccepted: false };
      this.sent.push(message);
      await this.#say(message);
      message.isAccepted = true;
      if (this.sent.length % 3 === 0) await this.#say(message);
      await room();
      /* oxlint-enable no-await-in-loop */
    }
  }

  async #say({ messageId, content }: SentMessage): Promise<void> {
    const message = { type: 'user_message', message_id: messageId, content };
    await eventually(
      async () => {
        const answer = await this.#options.send(message);
        if (answer && answer.status !== 204 && answer.status !== 503) {
          throw new Error(`A message was refused: ${answer.status} ${answer.body}`);
        }
        return answer?.status === 204;
      },
      Boolean,
      Infinity,
    );
  }
}
