import type {
  DueNotification,
  NewNotification,
  NotificationOutbox,
} from '../../engine/notification-outbox.js';

interface Waiting {
  readonly body: string;
  attempts: number;
  /** As `performance.now()`. */
  dueAt: number;
}

/** Stores notifications in the memory of this process. */
export class MemoryOutbox implements NotificationOutbox {
  /** By id, the oldest first. */
  readonly #waiting = new Map<string, Waiting>();

  add({ id, body }: NewNotification): void {
    if (this.#waiting.has(id)) return;
    this.#waiting.set(id, { body, attempts: 0, dueAt: performance.now() });
  }

  claim(limit: number, claimMs: number): Promise<DueNotification[]> {
    const now = performance.now();
    const due = [...this.#waiting]
      .filter(([, { dueAt }]) => dueAt <= now)
      .sort(([, a], [, b]) => a.dueAt - b.dueAt)
      .slice(0, limit);
    const claimed = due.map(([id, waiting]) => {
      waiting.attempts += 1;
      waiting.dueAt = now + claimMs;
      return { id, body: waiting.body, attempts: waiting.attempts };
    });
    return Promise.resolve(claimed);
  }

  defer(id: string, delayMs: number): Promise<void> {
    const waiting = this.#waiting.get(id);
    if (waiting) waiting.dueAt = performance.now() + delayMs;
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    this.#waiting.delete(id);
    return Promise.resolve();
  }

  trim(max: number): Promise<number> {
    const excess = [...this.#waiting.keys()].slice(0, Math.max(0, this.#waiting.size - max));
    for (const id of excess) this.#waiting.delete(id);
    return Promise.resolve(excess.length);
  }
}
