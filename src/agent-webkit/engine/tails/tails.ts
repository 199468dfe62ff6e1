import type { UnreadEvents } from '../census.js';
import type { ClusterStore, SessionPosition } from '../cluster.js';
import type { ReadEndReason } from '../session/readable-session.js';
import type { SessionRecord } from '../storage.js';
import { SessionTail, type TailOptions } from './session-tail.js';

export interface TailsOptions extends TailOptions {
  cluster: Pick<ClusterStore, 'positions'>;
  /** Returns true while other servers may append to sessions. */
  hasOthers: () => boolean;
}

/** How often the followed sessions are compared with the storage, in milliseconds. */
const POLL_MS = 1000;
/** How long a tail without subscribers stays in memory, in milliseconds. */
const UNUSED_MS = 5000;
/** How many tails may be in memory without subscribers. */
const MAX_UNUSED = 100;
/** How many positions one query returns. */
const MAX_POSITIONS = 1000;

interface Entry {
  readonly opened: Promise<SessionTail | null>;
  tail: SessionTail | null;
  /** The reason for which the tail is to end as soon as it is open. */
  endReason: ReadEndReason | null;
}

/**
 * The tails of this server: one for each session that is read here and runs elsewhere. A tail is opened
 * once, however many readers ask for it at the same time.
 */
export class Tails {
  readonly #options: TailsOptions;
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;
  #isPolling = false;
  #isClosed = false;

  constructor(options: TailsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the open tail of a session, if there is one. */
  peek(id: string): SessionTail | null {
    return this.#entries.get(id)?.tail ?? null;
  }

  /** Returns what the subscribers of each tail have not read. */
  unread(): UnreadEvents[] {
    return this.#open().map((tail) => tail.unread);
  }

  /** Returns the tails that have subscribers. */
  followed(): SessionTail[] {
    return this.#open().filter(({ subscribers }) => subscribers > 0);
  }

  /**
   * Returns a tail that has every event of a record, which was just read. Resolves to null when the
   * session is deleted. The tail may have ended meanwhile.
   */
  async get(record: SessionRecord): Promise<SessionTail | null> {
    const entry = this.#entries.get(record.id) ?? this.#add(record);
    const tail = await entry.opened;
    if (tail && tail.endReason === null) await tail.catchUp(record);
    return tail;
  }

  /** Ends the tail of a session, if there is one. */
  end(id: string, reason: ReadEndReason): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.endReason = reason;
    this.#entries.delete(id);
    entry.tail?.end(reason);
  }

  /** Ends all tails. Resolves when they have no subscribers any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const tails = this.#open();
    for (const id of this.#entries.keys()) this.end(id, 'released');
    this.#stopTimer();
    await Promise.all(tails.map((tail) => tail.unsubscribed()));
  }

  #open(): SessionTail[] {
    return [...this.#entries.values()].flatMap(({ tail }) => tail ?? []);
  }

  #add(record: SessionRecord): Entry {
    const opened = SessionTail.open(record, {
      ...this.#options,
      onChanged: (tail) => {
        if (tail.endReason !== null) this.#remove(record.id, tail);
        this.#options.onChanged(tail);
      },
    });
    const entry: Entry = { opened, tail: null, endReason: this.#isClosed ? 'released' : null };
    this.#entries.set(record.id, entry);
    void this.#whenOpened(record.id, entry);
    return entry;
  }

  async #whenOpened(id: string, entry: Entry): Promise<void> {
    // A failure is reported to those who wait for it.
    const tail = await entry.opened.catch(() => null);
    entry.tail = tail;
    if (tail && entry.endReason !== null) tail.end(entry.endReason);
    if ((!tail || tail.endReason !== null) && this.#entries.get(id) === entry) {
      this.#entries.delete(id);
    }
    if (this.#entries.size === 0) return;
    this.#evictExcess();
    this.#timer ??= setInterval(() => this.#tick(), POLL_MS).unref();
  }

  #remove(id: string, tail: SessionTail): void {
    if (this.#entries.get(id)?.tail === tail) this.#entries.delete(id);
    if (this.#entries.size === 0) this.#stopTimer();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = performance.now();
    for (const tail of this.#unused()) {
      if (now - (tail.unusedSince ?? now) >= UNUSED_MS) tail.end('released');
    }
    if (this.#options.hasOthers()) void this.#poll();
  }

  /** Ends the tails that are unused for longest, so that not more than `MAX_UNUSED` remain. */
  #evictExcess(): void {
    if (this.#entries.size <= MAX_UNUSED) return;
    const unused = this.#unused();
    for (const tail of unused.slice(0, Math.max(0, unused.length - MAX_UNUSED))) {
      tail.end('released');
    }
  }

  /** Returns the tails without subscribers, the oldest use first. */
  #unused(): SessionTail[] {
    return this.#open()
      .filter(({ unusedSince }) => unusedSince !== null)
      .sort((a, b) => (a.unusedSince ?? 0) - (b.unusedSince ?? 0));
  }

  /** Compares the followed sessions with the storage, in one query. */
  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      const ids = this.followed().map(({ id }) => id);
      for (let from = 0; from < ids.length; from += MAX_POSITIONS) {
        const part = ids.slice(from, from + MAX_POSITIONS);
        const seen = new Map(part.map((id) => [id, this.peek(id)?.lastSeq ?? 0]));
        // oxlint-disable-next-line no-await-in-loop -- one query at a time leaves the storage room for other work
        const positions = await this.#options.cluster.positions(part);
        const known = new Map(positions.map((position) => [position.sessionId, position]));
        // oxlint-disable-next-line no-await-in-loop -- as above
        await Promise.all(part.map((id) => this.#compare(id, known.get(id), seen.get(id) ?? 0)));
      }
    } catch {
      // Reported by the storage's guard. The next poll repeats it.
    } finally {
      this.#isPolling = false;
    }
  }

  /** @param seenSeq the last event of the tail before the storage was asked: a storage that has fewer has lost events, or never had them */
  async #compare(
    id: string,
    position: SessionPosition | undefined,
    seenSeq: number,
  ): Promise<void> {
    const tail = this.peek(id);
    if (!tail) return;
    const isKnown =
      position?.epoch === tail.epoch &&
      position.lastSeq >= seenSeq &&
      position.lastSeq <= tail.lastSeq &&
      position.server === tail.server;
    // A session that is missing may have been deleted: the tail reads its record.
    if (!isKnown) await tail.refresh();
  }
}
