/** An agent that emits the messages it is given, as the SDK would. */
export class PlayedAgent {
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

  say(message) {
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
      // oxlint-disable-next-line no-await-in-loop -- there is nothing to do before it
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }
}

/** How a message that streams begins. */
export function messageStart() {
  return streamEvent({ type: 'message_start', message: { id: 'm' } });
}

/** Some words of it. */
export function textDelta(text) {
  return streamEvent({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text },
  });
}

/** Parsed, as the SDK's are: what a literal makes, V8 may put into the old generation at once. */
function streamEvent(event) {
  return JSON.parse(JSON.stringify({ type: 'stream_event', parent_tool_use_id: null, event }));
}
