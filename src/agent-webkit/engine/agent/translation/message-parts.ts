/** How many characters of one part its `message_complete` events may repeat, all together. */
const MAX_REPEATED_CHARS = 256 * 1024;

/** A part of a message: its id, and its blocks so far. */
export interface MessagePart {
  readonly id: string;
  readonly content: unknown[];
}

/**
 * The blocks of one message of the agent, which the SDK sends one by one.
 *
 * Each `message_complete` repeats all blocks before it, so that the size of the events grows with the
 * square of the number of blocks. A message of ordinary size has one part. When the repetitions are
 * too large, the message continues as another part, which is a message of its own for clients.
 */
export class MessageParts {
  /** The id of the message in the SDK, and of its first part. */
  readonly sdkId: string;
  #number = 1;
  #content: unknown[] = [];
  /** The size of the current part as JSON. */
  #chars = 0;
  #repeatedChars = 0;

  constructor(sdkId: string) {
    this.sdkId = sdkId;
  }

  /** The id of the part to which the next block will belong. */
  get nextId(): string {
    return partId(this.sdkId, this.#isFull ? this.#number + 1 : this.#number);
  }

  /** Adds blocks, and returns their part. */
  add(blocks: readonly unknown[]): MessagePart {
    if (this.#isFull) {
      this.#number += 1;
      this.#content = [];
      this.#chars = 0;
      this.#repeatedChars = 0;
    }
    this.#repeatedChars += this.#chars;
    this.#chars += JSON.stringify(blocks).length;
    this.#content = [...this.#content, ...blocks];
    return { id: partId(this.sdkId, this.#number), content: this.#content };
  }

  /** True if another repetition of the current part is too large. */
  get #isFull(): boolean {
    return this.#repeatedChars + this.#chars > MAX_REPEATED_CHARS && this.#content.length > 0;
  }
}

function partId(sdkId: string, number: number): string {
  return number === 1 ? sdkId : `${sdkId}.${number}`;
}
