import type { DeliveredEvent } from '../../protocol/events.js';
import type { StreamEvent } from '../../protocol/sse-frames.js';
import type { Caller } from '../caller.js';
import { CursorEvictedError, SessionNotFoundError } from '../errors.js';
import { parseSessionEvent } from '../session-event.js';
import type { ReadableSession } from '../session/readable-session.js';
import type { MovingSubscription } from './moving-subscription.js';
import type { SessionRegistry } from './session-registry.js';

/** Maximum size of the events that are read from the log ahead of the consumer, in bytes. */
const MAX_BYTES_AHEAD = 64 * 1024;

/**
 * The phase of a watch, which takes effect when the buffer is empty.
 *
 * - `following`: waits for the next event. The initial phase.
 * - `completed`: the session was deleted, and its `done` event is the last one. The iteration ends.
 * - `failed`: the iteration throws the error.
 * - `closed`: the consumer closed the watch. The iteration ends.
 *
 * `completed`, `failed` and `closed` are final. Every event before them is delivered first, except
 * that `closed`, and the end of the caller's access, discard the buffer.
 */
type Phase =
  | { readonly kind: 'following' | 'completed' | 'closed' }
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * An open subscription to the events of one session, in order, each one once. Iterate over it one
 * time; leaving the loop closes the subscription.
 *
 * The iteration ends after the `done` event of a session that was deleted, and when the watch is
 * closed. It throws:
 *
 * - `CursorEvictedError` when the consumer is so slow that the next event is no longer kept;
 * - `SessionNotFoundError` when the caller lost access to the session;
 * - with a storage that servers share: `CursorLostError` or `CursorAheadError` when the storage was restored
 *   to an earlier state. It goes on when another server takes the session over;
 * - with another storage: `FencedError` when another server took the session over, or deleted it, or when
 *   the storage was restored to an earlier state;
 * - `ShuttingDownError` when this server stops. Watch again, from the last id, when it is back.
 */
export class SessionWatch implements AsyncIterableIterator<DeliveredEvent> {
  readonly #registry: SessionRegistry;
  readonly #id: string;
  readonly #caller: Caller;
  readonly #events = this.#iterate();
  readonly #accessCheck: NodeJS.Timeout | undefined;
  readonly #onAbort = () => this.close();
  readonly #signal: AbortSignal | undefined;
  readonly #subscription: MovingSubscription;
  /** The id of the last event that was read from the log. */
  #cursor: number;
  #buffer: DeliveredEvent[] = [];
  #bufferedBytes = 0;
  /** The checks of the access that events wait for. */
  #checks = 0;
  #phase: Phase = { kind: 'following' };
  #wake: () => void = () => undefined;

  private constructor(
    registry: SessionRegistry,
    session: ReadableSession,
    caller: Caller,
    after: number,
    signal: AbortSignal | undefined,
  ) {
    this.#registry = registry;
    this.#id = session.id;
    this.#caller = caller;
    this.#cursor = after;
    this.#subscription = registry.subscriptions.watch(session, caller, after, () => this.#read());
    this.#signal = signal;
    const { accessCheckIntervalMs } = registry.subscriptions;
    // The owner of a session never changes.
    if (session.owner !== caller.id && accessCheckIntervalMs !== null) {
      this.#accessCheck = setInterval(() => void this.#checkAccess(), accessCheckIntervalMs);
      this.#accessCheck.unref();
    }
    if (signal?.aborted) this.close();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#read();
  }

  /** @internal */
  static async open(
    registry: SessionRegistry,
    id: string,
    caller: Caller,
    after: number,
    signal: AbortSignal | undefined,
  ): Promise<SessionWatch> {
    return new SessionWatch(
      registry,
      await registry.subscriptions.at(id, caller, after),
      caller,
      after,
      signal,
    );
  }

  /** Returns the next event, when there is one. */
  next(): Promise<IteratorResult<DeliveredEvent, undefined>> {
    return this.#events.next();
  }

  /** Closes the watch. Called by a `for await` loop that is left early. */
  return(): Promise<IteratorResult<DeliveredEvent, undefined>> {
    this.close();
    return this.#events.return(undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Closes the subscription. The session continues. May be called again. */
  close(): void {
    this.#finish({ kind: 'closed' });
    this.#discard();
  }

  async *#iterate(): AsyncGenerator<DeliveredEvent, undefined> {
    for (;;) {
      const event = this.#take();
      if (event) {
        yield event;
        continue;
      }
      const phase = this.#phase;
      switch (phase.kind) {
        case 'following':
          // oxlint-disable-next-line no-await-in-loop -- one event comes after the other
          await new Promise<void>((resolve) => (this.#wake = resolve));
          break;
        case 'failed':
          throw phase.error;
        case 'completed':
        case 'closed':
          return undefined;
        default:
          phase satisfies never;
      }
    }
  }

  #take(): DeliveredEvent | undefined {
    if (this.#checks > 0) return undefined;
    const event = this.#buffer.shift();
    if (this.#buffer.length > 0 || this.#bufferedBytes === 0) return event;
    this.#bufferedBytes = 0;
    this.#read();
    return event;
  }

  /**
   * Reads ahead, because a burst may have more events than the log keeps. Stops at
   * `MAX_BYTES_AHEAD`, which limits the memory for a slow consumer.
   */
  #read(): void {
    while (this.#phase.kind === 'following' && this.#bufferedBytes < MAX_BYTES_AHEAD) {
      const reading = this.#subscription.read(MAX_BYTES_AHEAD);
      switch (reading.kind) {
        case 'events':
          for (const event of reading.events) {
            this.#cursor = event.id;
            this.#bufferedBytes += event.data.length;
            this.#buffer.push({ id: event.id, ...parseSessionEvent(event) });
          }
          if (this.#mayEndAccess(reading.events)) void this.#checkNow();
          break;
        case 'caught_up':
          return this.#wake();
        case 'ended':
          this.#onEnded();
          break;
        case 'overtaken':
          this.#fail(
            this.#subscription.failure ??
              new CursorEvictedError(this.#cursor, this.#subscription.session.firstId),
          );
          break;
        default:
          reading satisfies never;
      }
    }
    this.#wake();
  }

  #onEnded(): void {
    const { failure } = this.#subscription;
    if (failure === null) this.#finish({ kind: 'completed' });
    else this.#fail(failure);
  }

  /** True when events change the members of the session, of which the caller may be one. */
  #mayEndAccess(events: readonly StreamEvent[]): boolean {
    const isGuest = this.#subscription.session.owner !== this.#caller.id;
    return isGuest && events.some(({ name }) => name === 'members_changed');
  }

  async #checkNow(): Promise<void> {
    this.#checks += 1;
    await this.#checkAccess(false);
    this.#checks -= 1;
    this.#wake();
  }

  async #checkAccess(ifUnknown = true): Promise<void> {
    if (await this.#registry.subscriptions.isReadable(this.#id, this.#caller, ifUnknown)) return;
    if (this.#hasEnded) return; // deleted meanwhile: the buffer is for the consumer
    this.#fail(new SessionNotFoundError());
    this.#discard();
  }

  #fail(error: unknown): void {
    this.#finish({ kind: 'failed', error });
  }

  #discard(): void {
    this.#buffer = [];
    this.#bufferedBytes = 0;
  }

  /** True in a final phase. */
  get #hasEnded(): boolean {
    return this.#phase.kind !== 'following';
  }

  /** Enters a final phase, unless there is one already. */
  #finish(phase: Phase): void {
    if (this.#hasEnded) return;
    this.#phase = phase;
    clearInterval(this.#accessCheck);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#subscription.close();
    this.#wake();
  }
}
