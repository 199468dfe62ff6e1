import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import { CursorEvictedError, CursorAheadError } from '../../src/agent-webkit/engine/errors.js';
import type { EventLog } from '../../src/agent-webkit/engine/event-log/event-log.js';
import type { SessionEvent } from '../../src/agent-webkit/engine/session-event.js';
import type { Subscription } from '../../src/agent-webkit/engine/event-log/subscription.js';
import type { WireEvent } from '../../src/agent-webkit/protocol/events.js';
import { settle } from './session-bench.js';

/** The events that a session may append next, by topic. */
export interface Saying {
  kind: 'delta' | 'message' | 'start' | 'ask' | 'resolve' | 'result';
  size: number;
}

export const saying: fc.Arbitrary<Saying> = fc.record({
  kind: fc.constantFrom('delta', 'delta', 'message', 'start', 'ask', 'resolve', 'result'),
  size: fc.integer({ min: 0, max: 60 }),
});

/** Generates valid events after the earlier ones, and tracks open ones in the simplest way. */
export class Speaker {
  readonly queue: { id: string; seq: number }[] = [];
  readonly asked: { id: string; seq: number }[] = [];
  turn: number[] = [];
  lastResult: number[] = [];
  #said = 0;
  /** The open events after each event. */
  readonly #open: number[][] = [[]];

  /** The seqs of the events that must never be lost, oldest first. */
  get open(): number[] {
    const waiting = [...this.queue, ...this.asked].map(({ seq }) => seq);
    return [...waiting, ...this.turn, ...this.lastResult].sort((a, b) => a - b);
  }

  /** Returns the open events after the event with this seq. */
  openAt(seq: number): number[] {
    return this.#open[seq] ?? [];
  }

  say(next: Saying): WireEvent {
    const wire = this.#say(next);
    this.#open.push(this.open);
    return wire;
  }

  #say({ kind, size }: Saying): WireEvent {
    const seq = (this.#said += 1);
    const text = 'x'.repeat(size);
    const id = `id${seq}`;
    if (kind === 'message') {
      this.queue.push({ id, seq });
      return { event: 'user_message', data: { message_id: id, content: text } };
    }
    if (kind === 'start' && this.turn.length === 0 && this.queue[0]) {
      const [next] = this.queue.splice(0, 1) as [{ id: string; seq: number }];
      this.turn = [next.seq, seq];
      return { event: 'turn_start', data: { message_id: next.id } };
    }
    if (kind === 'ask') {
      this.asked.push({ id, seq });
      const data = { correlation_id: id, tool_name: 'Bash', input: { text }, context: {} };
      return { event: 'permission_request', data };
    }
    if (kind === 'resolve' && this.asked.length > 0) {
      const [answered] = this.asked.splice(size % this.asked.length, 1);
      const correlation_id = answered?.id ?? '';
      const data = { correlation_id, kind: 'permission', outcome: 'allowed' } as const;
      return { event: 'request_resolved', data };
    }
    if (kind === 'result') {
      this.turn = [];
      this.lastResult = [seq];
      return { event: 'result', data: resultOf(seq) };
    }
    return { event: 'tool_result', data: { tool_use_id: id, output: text, is_error: false } };
  }
}

function resultOf(cost: number): Extract<WireEvent, { event: 'result' }>['data'] {
  return {
    session_id: 's',
    subtype: 'success',
    is_error: false,
    total_cost_usd: 1,
    session_cost_usd: cost,
    duration_ms: 1,
    num_turns: 1,
    usage: {},
  };
}

/** The committed events, and those in the window: the newest ones that fit, at least one. */
export class Committed {
  readonly events: SessionEvent[] = [];
  firstSeq = 1;
  readonly #maxEvents: number;
  readonly #maxLogChars: number;

  constructor(maxEvents: number, maxLogChars: number) {
    this.#maxEvents = maxEvents;
    this.#maxLogChars = maxLogChars;
  }

  get lastSeq(): number {
    return this.events.length;
  }

  add(events: readonly SessionEvent[]): void {
    for (const event of events) {
      this.events.push(event);
      const fits = () => {
        const kept = this.events.slice(this.firstSeq - 1);
        const chars = kept.reduce((sum, { data }) => sum + data.length, 0);
        return kept.length <= this.#maxEvents && chars <= this.#maxLogChars;
      };
      while (this.firstSeq < this.lastSeq && !fits()) this.firstSeq += 1;
    }
  }

  /** Returns the seqs after a cursor. */
  after(cursor: number): number[] {
    return this.events.slice(cursor).map(({ seq }) => seq);
  }

  /** Returns the error for a cursor, or null. */
  refusal(cursor: number): typeof CursorEvictedError | typeof CursorAheadError | null {
    if (cursor > this.lastSeq) return CursorAheadError;
    return cursor > 0 && cursor < this.firstSeq - 1 ? CursorEvictedError : null;
  }
}

/** A subscriber that checks each of its readings against the committed events. */
export class Reader {
  /** True when it has received that its position was lost. */
  isOvertaken = false;
  isClosed = false;
  /** The number of calls of `onReadable` when it began to wait for one; null while it does not wait. */
  #isHungry = false;
  readonly #subscription: Subscription;
  readonly #committed: Committed;
  readonly #isAllHeld: boolean;
  #cursor: number;
  #kept: number[];

  /** @param isAllHeld true when all retained events are in memory, so that none must be fetched */
  constructor(
    log: EventLog,
    committed: Committed,
    after: number,
    open: readonly number[],
    isAllHeld: boolean,
  ) {
    this.#committed = committed;
    this.#isAllHeld = isAllHeld;
    const onReadable = () => {
      this.#isHungry = false;
    };
    const onClose = () => {
      expect(this.isClosed).toBe(false);
      this.isClosed = true;
    };
    this.#subscription = log.subscribe(after, onReadable, onClose);
    this.#kept = after === 0 ? open.filter((seq) => seq < committed.firstSeq) : [];
    this.#cursor = after === 0 ? committed.firstSeq - 1 : after;
  }

  read(maxChars: number): void {
    const reading = this.#subscription.read(maxChars);
    const { firstSeq, lastSeq } = this.#committed;
    this.#isHungry = reading.kind === 'caught_up';
    const seqs = reading.kind === 'events' ? reading.events.map(({ id }) => id) : [];
    if (this.#kept.length > 0) {
      expect(seqs.length).toBeGreaterThan(0);
      expect(seqs).toEqual(this.#kept.slice(0, seqs.length));
      this.#kept = this.#kept.slice(seqs.length);
      return;
    }
    // Fetched events may still be read after they were evicted.
    const isLost = this.#cursor < firstSeq - 1 && (this.#isAllHeld || seqs.length === 0);
    if (isLost && reading.kind !== 'caught_up') {
      expect(reading.kind).toBe('overtaken');
      this.isOvertaken = true;
      return;
    }
    const rest = this.#committed.after(this.#cursor);
    expect(seqs).toEqual(rest.slice(0, seqs.length));
    if (this.#isAllHeld) expect(seqs.length > 0).toBe(this.#cursor < lastSeq);
    this.#cursor += seqs.length;
  }

  /** Reads all events in small steps. */
  async drain(maxChars: number): Promise<void> {
    for (let reads = 0; reads <= 3 * this.#committed.lastSeq + 2; reads += 1) {
      this.read(maxChars);
      // oxlint-disable-next-line no-await-in-loop -- fetched events arrive later
      if (this.#isHungry) await settle(1);
    }
    if (!this.isOvertaken) expect(this.#cursor).toBe(this.#committed.lastSeq);
  }

  /** Call this after a turn of the event loop: checks that a subscriber with an empty reading was notified. */
  expectWoken(): void {
    if (this.isClosed || this.#cursor >= this.#committed.lastSeq) return;
    expect(this.#isHungry).toBe(false);
  }

  close(): void {
    this.#subscription.close();
  }
}
