import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import type { Answer } from './real-server.js';
import type { SentMessage } from './verify.js';

export interface WriterOptions {
  /** Sends to the session once. */
  send: (message: object) => Promise<Answer | null>;
  /** What to say next. */
  compose: () => string;
  /** Resolves when there is room for one more message. */
  room: () => Promise<void>;
}

/**
 * Says one thing after the other, each until it is answered 204, under one `message_id` however often
 * that takes. Now and then it says the last one once more, as a client that missed the answer.
 */
export class Writer {
  readonly sent: SentMessage[] = [];
  readonly #options: WriterOptions;
  readonly #ended: Promise<void>;
  #isStopping = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#ended = this.#write();
    // It is told by `stop`.
    this.#ended.catch(() => undefined);
  }

  /** Resolves when its last message is accepted. @throws Error when one was refused for good */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#ended;
  }

  async #write(): Promise<void> {
    const { compose, room } = this.#options;
    while (!this.#isStopping) {
      /* oxlint-disable no-await-in-loop -- it says one thing after the other */
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
