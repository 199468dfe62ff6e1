import type { DeliveredEvent } from '../agent-webkit/protocol/events.js';
import type { ApiError } from './api-error.js';
import type { Connection } from './event-stream.js';
import type { SharedStream, StreamListener, Update } from './shared-stream.js';

/** The most events that wait for a reader. One that is slower fetches the others when it has read these. */
const MAX_WAITING = 1000;

/**
 * The source of the events of a session: `unknown` until the stream of all sessions is open, `inside` if it has the
 * session, and `outside` if it has not, as with a session of another caller.
 */
export type Place = 'unknown' | 'inside' | 'outside';

/** One reader of one session in the stream of all sessions: the events that it has read, has queued, and lacks. */
export class StreamMember implements StreamListener {
  readonly #sessionId: string;
  readonly #stream: SharedStream;
  readonly #onConnection: (connection: Connection) => void;
  /** Events without a gap between them. There may be one before the first. */
  #waiting: DeliveredEvent[] = [];
  /** The last event of the session that is known to exist. */
  #head = 0;
  #onChange: () => void = () => undefined;
  place: Place = 'unknown';
  /** The last event that was read. */
  lastId: number;
  isDeleted = false;
  /** True if the server should be asked for events after the last one: it may have lost that, or not have sent others. */
  isUnsure = false;
  /** The refusal that has ended the stream. */
  refusal: ApiError | null = null;

  constructor(
    sessionId: string,
    after: number,
    stream: SharedStream,
    onConnection: (connection: Connection) => void,
  ) {
    this.#sessionId = sessionId;
    this.#stream = stream;
    this.#onConnection = onConnection;
    this.lastId = after;
  }

  /** True if there are events to fetch before those that wait. */
  get isBehind(): boolean {
    return this.isUnsure || this.#head > this.lastId;
  }

  /** Takes the next event; undefined if none waits that follows the last one. */
  take(): DeliveredEvent | undefined {
    while (this.#waiting[0] && this.#waiting[0].id <= this.lastId) this.#waiting.shift();
    if (this.#waiting[0]?.id !== this.lastId + 1) return undefined;
    return this.#waiting.shift();
  }

  /** Resolves at the next change, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        signal.removeEventListener('abort', end);
        this.#onChange = () => undefined;
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
      this.#onChange = end;
    });
  }

  onConnection(connection: Connection): void {
    if (connection.state === 'open') {
      this.#find();
      this.isUnsure = (this.#stream.lastIdOf(this.#sessionId) ?? 0) < this.lastId;
    }
    if (this.place !== 'outside') this.#onConnection(connection);
    this.#onChange();
  }

  onUpdate(update: Update): void {
    if (update.session_id !== this.#sessionId) return;
    if (update.event === 'session_deleted') this.isDeleted = true;
    else if (update.event === 'session_created') this.place = 'inside';
    else if ('id' in update) this.#add(update);
    this.#find();
    this.#onChange();
  }

  onEnd(error: ApiError | null): void {
    this.refusal = error;
    this.place = 'outside';
    this.#onChange();
  }

  #find(): void {
    const last = this.#stream.lastIdOf(this.#sessionId);
    this.place = last === undefined && !this.isDeleted ? 'outside' : 'inside';
    this.#head = Math.max(this.#head, last ?? 0);
  }

  #add({ id, event, data }: DeliveredEvent): void {
    const tail = this.#waiting.at(-1)?.id ?? this.lastId;
    if (id <= tail) return;
    if (id > tail + 1 || this.#waiting.length >= MAX_WAITING) this.#waiting = [];
    // The name still fits the data, which the compiler cannot follow.
    this.#waiting.push({ id, event, data } as DeliveredEvent);
  }
}
