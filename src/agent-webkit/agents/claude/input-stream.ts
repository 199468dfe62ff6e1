import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';

/** The user messages for one process. It has one reader; messages are buffered until they are read. */
export class InputStream {
  readonly #messages: SDKUserMessage[] = [];
  #isEnded = false;
  #wake = () => {};

  push(message: SDKUserMessage): void {
    this.#messages.push(message);
    this.#wake();
  }

  /** Removes a message. Returns false when it was read before. */
  remove(message: SDKUserMessage): boolean {
    const index = this.#messages.indexOf(message);
    if (index !== -1) this.#messages.splice(index, 1);
    return index !== -1;
  }

  /** Removes the message with this id. Returns false when it was read before. */
  removeById(messageId: string): boolean {
    const message = this.#messages.find(({ uuid }) => uuid === messageId);
    return message !== undefined && this.remove(message);
  }

  /** Ends the stream and drops unread messages. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SDKUserMessage> {
    while (!this.#isEnded) {
      const message = this.#messages.shift();
      if (message !== undefined) {
        yield message;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
