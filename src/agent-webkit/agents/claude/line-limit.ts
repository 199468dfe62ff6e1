import { Transform, type TransformCallback } from 'node:stream';
import { CheckedLines } from './checked-lines.js';

const NEWLINE = 10;

/**
 * Passes the output of a process on until a line of it is too long. The reader of the lines keeps an
 * unfinished line in memory, so that a process that writes no newline could fill the memory of the server.
 *
 * The output ends before or in that line. Everything after it is dropped, and so is each line that
 * {@link CheckedLines} refuses.
 */
export class LineLimit extends Transform {
  readonly #maxBytes: number;
  readonly #onExceeded: () => void;
  /** The length of the unfinished line. */
  #bytes = 0;
  #isExceeded = false;
  readonly #lines = new CheckedLines();

  /** @param onExceeded called once, for the first line that is longer than `maxBytes` */
  constructor(maxBytes: number, onExceeded: () => void) {
    super();
    this.#maxBytes = maxBytes;
    this.#onExceeded = onExceeded;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#isExceeded) return done();
    const first = chunk.indexOf(NEWLINE);
    const continued = this.#bytes + (first === -1 ? chunk.length : first);
    const last = chunk.lastIndexOf(NEWLINE);
    this.#bytes = last === -1 ? continued : chunk.length - last - 1;
    if (Math.max(continued, this.#bytes) > this.#maxBytes) {
      this.#isExceeded = true;
      this.push(null);
      this.#onExceeded();
      return done();
    }
    const lines = this.#lines.take(chunk);
    if (lines.length === 0) done();
    else done(null, lines);
  }

  override _flush(done: TransformCallback): void {
    if (!this.#isExceeded) this.push(this.#lines.rest());
    done();
  }
}
