import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';

/** The user's messages on their way to one process. It is read once; what is pushed waits until then. */
export class InputStream {
  readonly #messages: SDKUserMessage[] = [];
  #isEnded = false;
  #wake = () => {};

  push(message: SDKUserMessage): void {
    this.#messages.push(message);
    this.#wake();
  }

  /** Ends the reading, and drops what has not been read. */
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
