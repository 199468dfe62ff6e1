import { decodeFrames, hasFrameOf } from '../../protocol/sse-frames.js';
import type {
  EventSubscription,
  FramesReading,
  NothingRead,
  Reading,
} from '../event-log/subscription.js';

const CAUGHT_UP = { kind: 'caught_up' } as const;
const ENDED = { kind: 'ended' } as const;

/**
 * A subscription of a caller who does not own the session. Before it returns the event that changes the members of the
 * session, or a later one, it checks that the caller may still read them, and ends if not.
 */
export class GuardedSubscription implements EventSubscription {
  readonly #inner: EventSubscription;
  readonly #onReadable: () => void;
  readonly #isAllowed: () => Promise<boolean>;
  /** The frames that were read, and may not be returned before the check. */
  #held: Buffer | null = null;
  #state: 'open' | 'checking' | 'permitted' | 'refused' = 'open';
  #isClosed = false;

  /**
   * @param subscribe opens the subscription, which calls `onReadable`
   * @param isAllowed checks the caller again. Never rejects.
   */
  constructor(
    subscribe: (onReadable: () => void) => EventSubscription,
    onReadable: () => void,
    isAllowed: () => Promise<boolean>,
  ) {
    this.#inner = subscribe(onReadable);
    this.#onReadable = onReadable;
    this.#isAllowed = isAllowed;
  }

  get waitingBytes(): number {
    return this.#inner.waitingBytes;
  }

  read(maxBytes: number): Reading {
    const reading = this.readFrames(maxBytes);
    if (reading.kind !== 'frames') return reading;
    return { kind: 'events', events: decodeFrames(reading.bytes) };
  }

  readFrames(maxBytes: number): FramesReading {
    if (this.#state !== 'open') return this.#readHeld();
    const reading = this.#inner.readFrames(maxBytes);
    if (reading.kind !== 'frames' || !hasFrameOf('members_changed', reading.bytes)) return reading;
    this.#held = reading.bytes;
    void this.#check();
    return CAUGHT_UP;
  }

  close(): void {
    this.#isClosed = true;
    this.#held = null;
    this.#inner.close();
  }

  #readHeld(): FramesReading | NothingRead {
    if (this.#state === 'refused') return ENDED;
    const bytes = this.#held;
    if (this.#state !== 'permitted' || bytes === null) return CAUGHT_UP;
    this.#held = null;
    this.#state = 'open';
    return { kind: 'frames', bytes };
  }

  async #check(): Promise<void> {
    this.#state = 'checking';
    const isAllowed = await this.#isAllowed();
    this.#state = isAllowed ? 'permitted' : 'refused';
    if (!this.#isClosed) this.#onReadable();
  }
}
