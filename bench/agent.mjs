/** An agent that emits messages on demand, in the form in which the SDK emits them. */
export class ManualAgent {
  messages = this.#read();
  #unread = [];
  #wake = null;
  #isClosed = false;
  #onSend;

  /** @param onSend called with each user message */
  constructor(onSend = null) {
    this.#onSend = onSend;
  }

  send(input) {
    this.#onSend?.(input);
  }

  emit(message) {
    this.#unread.push(message);
    this.#wake?.();
  }

  async close() {
    this.#isClosed = true;
    this.#wake?.();
  }

  async *#read() {
    while (!this.#isClosed) {
      while (this.#unread.length > 0) yield* this.#unread.splice(0);
      // oxlint-disable-next-line no-await-in-loop -- waits for the next message
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }
}

/** Returns the first event of a streamed message. */
export function messageStart() {
  return streamEvent({ type: 'message_start', message: { id: 'm' } });
}

/** Returns an event with a part of the text. */
export function textDelta(text) {
  return streamEvent({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text },
  });
}

/** Parses JSON, as the SDK does. V8 may allocate the object of a literal in the old generation. */
function streamEvent(event) {
  return JSON.parse(JSON.stringify({ type: 'stream_event', parent_tool_use_id: null, event }));
}
