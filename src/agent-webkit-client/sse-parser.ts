/** A complete event of a stream of server-sent events. */
export interface Frame {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Parses a stream of server-sent events, whose parts may be split anywhere. */
export class SseParser {
  readonly #decoder = new TextDecoder();
  /** The parts of the line that is not complete. They are joined once, because a line may have megabytes. */
  #parts: string[] = [];
  #endsWithReturn = false;
  #id = '';
  #event = '';
  #data: string[] = [];

  /** Returns the events that are complete with these bytes. */
  push(bytes: Uint8Array): Frame[] {
    let text = this.#decoder.decode(bytes, { stream: true });
    // `\r\n` may be split between two reads.
    if (this.#endsWithReturn && text.startsWith('\n')) text = text.slice(1);
    if (text !== '') this.#endsWithReturn = text.endsWith('\r');
    const lines = text.split(/\r\n|\n|\r/);
    const rest = lines.pop() ?? '';
    const frames: Frame[] = [];
    for (const line of lines) {
      this.#parts.push(line);
      const frame = this.#takeLine(this.#parts.join(''));
      this.#parts = [];
      if (frame) frames.push(frame);
    }
    if (rest !== '') this.#parts.push(rest);
    return frames;
  }

  #takeLine(line: string): Frame | null {
    if (line === '') return this.#takeFrame();
    const [, field = '', value = ''] = /^([^:]*)(?:: ?([^]*))?$/.exec(line) ?? [];
    if (field === 'id') this.#id = value;
    if (field === 'event') this.#event = value;
    if (field === 'data') this.#data.push(value);
    return null;
  }

  #takeFrame(): Frame | null {
    const frame = { id: this.#id, event: this.#event, data: this.#data.join('\n') };
    const isEvent = this.#data.length > 0;
    this.#event = '';
    this.#data = [];
    return isEvent ? frame : null;
  }
}
