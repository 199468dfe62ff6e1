import { eventually } from '../support/eventually.js';
import { SseClient, type SseEvent } from '../support/sse-client.js';
import type { Target } from './target.js';

/** Reads a session from its beginning, with one connection after the other, and stores all events. */
export class Reader {
  readonly events: SseEvent[] = [];
  /** The reason why it can never continue to read. */
  refusal: string | null = null;
  /** The number of streams that it has opened. */
  streams = 0;
  readonly #server: Target;
  readonly #sessionId: string;
  readonly #onEvent: (event: SseEvent) => void;
  #waiting: (() => void)[] = [];

  constructor(server: Target, sessionId: string, onEvent: (event: SseEvent) => void) {
    this.#server = server;
    this.#sessionId = sessionId;
    this.#onEvent = onEvent;
    void this.#follow();
  }

  get lastId(): number {
    return this.events.at(-1)?.id ?? 0;
  }

  /** Waits for a fact, which is checked for each event, or until the events end. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue() && !this.#isOver) {
      // oxlint-disable-next-line no-await-in-loop -- any event may satisfy the condition
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  get #isOver(): boolean {
    return this.refusal !== null || this.#server.isClosed;
  }

  async #follow(): Promise<void> {
    await eventually(
      async () => {
        await this.#server.up();
        if (!this.#isOver) await this.#read();
        return this.#isOver;
      },
      Boolean,
      Infinity,
    );
    this.#notify();
  }

  /** Reads until the connection ends. */
  async #read(): Promise<void> {
    const url = `${this.#server.nextUrl()}/sessions/${this.#sessionId}/stream`;
    const cursor = this.lastId > 0 ? { 'last-event-id': String(this.lastId) } : {};
    const stream = await SseClient.open(url, { ...this.#server.headers, ...cursor });
    if (stream.status === 200) this.streams += 1;
    await stream.until(() => {
      const times = stream.times.splice(0);
      for (const [index, { data, ...event }] of stream.events.splice(0).entries()) {
        this.#take({ ...event, data: { ...data, time: times[index] } });
      }
      return stream.isEnded;
    });
    if (stream.status >= 400 && stream.status < 500) {
      this.refusal = `${stream.status} ${stream.raw}`;
    }
  }

  #take(event: SseEvent): void {
    this.events.push(event);
    this.#onEvent(event);
    this.#notify();
  }

  #notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
