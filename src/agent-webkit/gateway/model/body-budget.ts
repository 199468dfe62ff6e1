import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.js';

/** The bodies of all agents together that are in memory, in bytes. */
const MAX_ALL = 512 * 1024 * 1024;
let all = 0;
/** The bodies that each agent may have in memory, however many the others have, in bytes. A long conversation has 1 or 2 MiB. */
const RESERVED = 8 * 1024 * 1024;

/** A body that is in memory until it is released. */
export interface HeldBody {
  readonly content: Buffer;
  /** May be called repeatedly. */
  release(): void;
}

export function tooLarge(maxBytes: number): ApiError {
  return new ApiError(
    413,
    'request_too_large',
    `The request has more than ${maxBytes} bytes, which is the limit of the model gateway.`,
  );
}

/** The memory for the bodies of one agent's requests. */
export class BodyBudget {
  readonly #maxBytes: number;
  #held = 0;

  /** @param maxBytes the size of one body; two of this size can be in memory at the same time */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws ApiError for a request that says that it is too large */
  checkLength(request: IncomingMessage): void {
    if (Number(request.headers['content-length'] ?? 0) > this.#maxBytes) {
      throw tooLarge(this.#maxBytes);
    }
  }

  /** Reads the whole body of a request. @throws ApiError when it is too large, or there are too many */
  async read(request: IncomingMessage): Promise<HeldBody> {
    const chunks: Buffer[] = [];
    let size = 0;
    const hold = (bytes: number) => {
      size += bytes;
      this.#held += bytes;
      all += bytes;
    };
    const release = () => hold(-size);
    try {
      const parts = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      for await (const chunk of parts) {
        hold(chunk.length);
        if (size > this.#maxBytes) throw tooLarge(this.#maxBytes);
        const isShort = all > MAX_ALL && this.#held > RESERVED;
        if (this.#held > 2 * this.#maxBytes || isShort) {
          throw new ApiError(429, 'rate_limit_error', 'Too many large requests arrive at once.', 2);
        }
        chunks.push(chunk);
      }
      return { content: Buffer.concat(chunks), release };
    } catch (error) {
      release();
      throw error;
    }
  }
}
