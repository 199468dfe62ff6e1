import { EventEmitter, once } from 'node:events';
import type { SessionEvent } from '../../src/agent-webkit/engine/session-event.js';
import {
  type EventAppend,
  type EventStore,
  FencedError,
  type SessionRecordStore,
  type StorageProvider,
} from '../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';
import { memoryEvents } from './memory-events.js';

interface Commit {
  events: readonly SessionEvent[];
  write: () => void;
  refuse: (error: unknown) => void;
}

/** An event store whose commits wait until the test releases or rejects them. */
export class HeldEventStore implements EventStore {
  /** The arguments of all appends, in order. */
  readonly appends: (readonly SessionEvent[])[] = [];
  /** The number of requested trims. */
  trims = 0;
  /** While false, commits succeed without the test, but asynchronously. */
  isHeld = true;
  readonly #inner: EventStore;
  readonly #waiting: Commit[] = [];
  readonly #arrivals = new EventEmitter();

  constructor(inner: EventStore = memoryEvents()) {
    this.#inner = inner;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  append(append: EventAppend): Promise<void> {
    const { events } = append;
    this.appends.push([...events]);
    const committed = new Promise<void>((resolve, reject) => {
      this.#waiting.push({
        events,
        write: () => {
          try {
            void this.#inner.append(append);
            resolve();
          } catch (error) {
            reject(error);
          }
        },
        refuse: reject,
      });
    });
    this.#arrivals.emit('append');
    if (!this.isHeld) setImmediate(() => this.commit());
    return committed;
  }

  /** Releases the pending commit. */
  commit(): void {
    this.#waiting.shift()?.write();
  }

  /** Releases all commits from now on. */
  release(): void {
    this.isHeld = false;
    while (this.#waiting.length > 0) this.commit();
  }

  /** Rejects the pending commit: permanently, unless the test passes another error. */
  refuse(error: Error = new FencedError('s')): void {
    this.#waiting.shift()?.refuse(error);
  }

  /** Resolves when a pending commit has an event with this name. */
  async holds(name: string): Promise<void> {
    while (!this.#waiting.some(({ events }) => events.some((event) => event.name === name))) {
      // oxlint-disable-next-line no-await-in-loop -- checks again at each append
      await once(this.#arrivals, 'append');
    }
  }

  read(sessionId: string, after: number, limit: number): Promise<SessionEvent[]> {
    return this.#inner.read(sessionId, after, limit);
  }

  trim(sessionId: string, firstSeq: number, keep: readonly number[]): void {
    this.trims += 1;
    void this.#inner.trim(sessionId, firstSeq, keep);
  }

  hasKey(sessionId: string, key: string): Promise<boolean> {
    return this.#inner.hasKey(sessionId, key);
  }
}

/** A storage that outlives a session, and whose commits the test can hold. */
export class HeldStorage implements StorageProvider {
  readonly durable = true;
  readonly events: HeldEventStore;
  readonly records: SessionRecordStore;

  constructor(memory = new MemoryStorage()) {
    this.events = new HeldEventStore(memory.events);
    this.records = memory.records;
  }
}
