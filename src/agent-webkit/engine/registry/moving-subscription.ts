import { CursorEvictedError } from '../errors.js';
import type {
  EventSubscription,
  FramesReading,
  NothingRead,
  Reading,
} from '../event-log/subscription.js';
import type { ReadableSession } from '../session/readable-session.js';
import { FencedError } from '../storage.js';

/** Finds the session of a subscription again, at the same cursor, when it has moved. */
export interface Whereabouts {
  /** True when the session is also looked for after this server lost ownership of it. */
  readonly survivesLoss: boolean;
  /**
   * Returns the session where it is now.
   *
   * @param cursor the id of the last event that was read
   * @param signal aborts when the subscription is closed
   */
  find(cursor: number, signal: AbortSignal): Promise<ReadableSession>;
}

const CAUGHT_UP = { kind: 'caught_up' } as const;
const ENDED = { kind: 'ended' } as const;
const OVERTAKEN = { kind: 'overtaken' } as const;

/**
 * A subscription that goes on, from its last event, when the session moves: into the memory of this
 * server, out of it, or to another server. It ends with the session, and when the session is not found
 * again: {@link failure} is the reason then.
 */
export class MovingSubscription implements EventSubscription {
  readonly #onReadable: () => void;
  readonly #whereabouts: Whereabouts;
  #session: ReadableSession;
  #subscription: EventSubscription & { readonly lastId: number; notify(): void };
  #moving: AbortController | null = null;
  #failure: unknown = null;
  #isClosed = false;

  /** @throws what {@link ReadableSession.subscribe} throws */
  constructor(
    session: ReadableSession,
    after: number,
    onReadable: () => void,
    whereabouts: Whereabouts,
  ) {
    this.#onReadable = onReadable;
    this.#whereabouts = whereabouts;
    this.#session = session;
    this.#subscription = session.subscribeChecked(after, onReadable);
  }

  /** The session where it was found last. */
  get session(): ReadableSession {
    return this.#session;
  }

  /** The reason why the session was not found again; null while there is none. */
  get failure(): unknown {
    return this.#failure;
  }

  get waitingBytes(): number {
    return this.#subscription.waitingBytes;
  }

  read(maxBytes: number): Reading {
    const nothing = this.#nothingToRead();
    if (nothing) return nothing;
    const reading = this.#subscription.read(maxBytes);
    return reading.kind === 'events' ? reading : this.#onNothing(reading);
  }

  readFrames(maxBytes: number): FramesReading {
    const nothing = this.#nothingToRead();
    if (nothing) return nothing;
    const reading = this.#subscription.readFrames(maxBytes);
    return reading.kind === 'frames' ? reading : this.#onNothing(reading);
  }

  close(): void {
    this.#isClosed = true;
    this.#moving?.abort();
    this.#subscription.close();
  }

  #nothingToRead(): NothingRead | null {
    if (this.#moving) return CAUGHT_UP;
    if (this.#failure === null) return null;
    return this.#failure instanceof CursorEvictedError ? OVERTAKEN : ENDED;
  }

  #onNothing(reading: NothingRead): NothingRead {
    const { endReason, id } = this.#session;
    const isOver = reading.kind === 'caught_up' || endReason === null || endReason === 'deleted';
    if (isOver) return reading;
    if (endReason === 'ownership_lost' && !this.#whereabouts.survivesLoss) {
      this.#failure = new FencedError(id);
      return ENDED;
    }
    void this.#move();
    return CAUGHT_UP;
  }

  async #move(): Promise<void> {
    const moving = new AbortController();
    this.#moving = moving;
    const cursor = this.#subscription.lastId;
    this.#subscription.close();
    try {
      const session = await this.#whereabouts.find(cursor, moving.signal);
      if (this.#isClosed) return;
      this.#subscription = session.subscribe(cursor, this.#onReadable);
      this.#session = session;
    } catch (error) {
      this.#failure = error;
    }
    this.#moving = null;
    if (!this.#isClosed) this.#subscription.notify();
  }
}
