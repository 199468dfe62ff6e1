import type { SDKMessage } from '../../engine/agent-client.js';

/** The messages that a scripted agent has written. The stream has one reader and buffers unread messages. */
export class MessageStream implements AsyncIterable<SDKMessage> {
  #unread: SDKMessage[] = [];
  #isEnded = false;
  #failure: Error | null = null;
  /** Set while the reader waits for a message, which means that it has read all earlier ones. */
  #wakeReader: (() => void) | null = null;
  #whenRead: (() => void)[] = [];

  /** Adds a message. Does nothing once the stream has ended. */
  write(message: SDKMessage): void {
    if (this.#isEnded) return;
    this.#unread.push(message);
    this.#wakeReader?.();
  }

  /** Ends the stream after the written messages. The reader then ends, or throws the failure. */
  end(failure: Error | null = null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#failure = failure;
    this.#wakeReader?.();
  }

  /** Resolves when the reader has read all written messages and asks for more. */
  async read(): Promise<void> {
    if (this.#wakeReader !== null && this.#unread.length === 0) return;
    await new Promise<void>((resolve) => this.#whenRead.push(resolve));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SDKMessage, void, undefined> {
    for (;;) {
      const messages = this.#unread;
      this.#unread = [];
      yield* messages;
      if (this.#unread.length > 0) continue;
      if (this.#failure !== null) throw this.#failure;
      if (this.#isEnded) return;
      const wait = new Promise<void>((resolve) => (this.#wakeReader = resolve));
      for (const resolve of this.#whenRead.splice(0)) resolve();
      await wait;
      this.#wakeReader = null;
    }
  }
}
