/** The time without data after which a connection is considered lost. */
const SILENCE_MS = 60_000;

export type ConnectionState =
  | { kind: 'connecting' }
  | { kind: 'open' }
  /** Waiting to reconnect after `attempts` failed attempts. */
  | { kind: 'lost'; attempts: number; status: number | null };

export interface StreamWatchEvents {
  changed: (state: ConnectionState) => void;
  /** Called with a line for the event log. */
  noted: (text: string) => void;
}

/**
 * A `fetch` for the published client, which reconnects by itself but does not expose its connections.
 * This class reports them, and can close the current one.
 */
export class StreamWatch {
  readonly #events: StreamWatchEvents;
  #attempts = 0;
  #connection: AbortController | null = null;
  #wasOpen = false;

  constructor(events: StreamWatchEvents) {
    this.#events = events;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (headers.get('accept') !== 'text/event-stream') return await fetch(input, init);
    const cursor = headers.get('last-event-id');
    const connection = new AbortController();
    this.#connection = connection;
    this.#events.changed(
      this.#attempts > 0
        ? { kind: 'lost', attempts: this.#attempts, status: null }
        : { kind: 'connecting' },
    );
    const signal = init?.signal
      ? AbortSignal.any([init.signal, connection.signal])
      : connection.signal;
    let response: Response;
    try {
      response = await fetch(input, { ...init, signal });
    } catch (error) {
      this.#fail(init?.signal ?? null, null);
      throw error;
    }
    if (!response.ok || !response.body) {
      this.#fail(init?.signal ?? null, response.status);
      return response;
    }
    this.#attempts = 0;
    if (this.#wasOpen) this.#events.noted(`Reconnected after event ${cursor ?? '0'}`);
    this.#wasOpen = true;
    this.#events.changed({ kind: 'open' });
    const body = response.body.pipeThrough(this.#lifeSigns(connection));
    return new Response(
      watchEnd(body, () => this.#end(init?.signal ?? null, connection)),
      response,
    );
  };

  /** Ends the connection like a network failure. The client reconnects by itself. */
  cut(why: string): void {
    if (!this.#connection || this.#connection.signal.aborted) return;
    this.#events.noted(why);
    this.#connection.abort();
  }

  #lifeSigns(connection: AbortController): TransformStream<Uint8Array, Uint8Array> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const expect = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (connection === this.#connection) this.cut('No data received: connection closed');
      }, SILENCE_MS);
    };
    expect();
    connection.signal.addEventListener('abort', () => clearTimeout(timer));
    return new TransformStream({
      transform(chunk, controller) {
        expect();
        controller.enqueue(chunk);
      },
      flush: () => clearTimeout(timer),
    });
  }

  #end(detached: AbortSignal | null, connection: AbortController): void {
    if (detached?.aborted || connection !== this.#connection) return;
    if (!connection.signal.aborted) this.#events.noted('The connection was lost');
    this.#events.changed({ kind: 'lost', attempts: 0, status: null });
  }

  #fail(detached: AbortSignal | null, status: number | null): void {
    if (detached?.aborted) return;
    this.#attempts += 1;
    this.#events.changed({ kind: 'lost', attempts: this.#attempts, status });
  }
}

/** Passes on the bytes, and calls `ended` once when they end or fail. */
function watchEnd(body: ReadableStream<Uint8Array>, ended: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      ended();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
