import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import { CursorEvictedError, CursorAheadError } from '../../src/agent-webkit/engine/errors.js';
import type { EventLog } from '../../src/agent-webkit/engine/event-log/event-log.js';
import type { SessionEvent } from '../../src/agent-webkit/engine/session-event.js';
import type { Subscription } from '../../src/agent-webkit/engine/event-log/subscription.js';
import type { WireEvent } from '../../src/agent-webkit/protocol/events.js';
import { settle } from './session-bench.js';

/** What a session may say next, by the name of what it is about. */
export interface Saying {
  kind: 'delta' | 'message' | 'start' | 'ask' | 'resolve' | 'result';
  size: number;
}

export const saying: fc.Arbitrary<Saying> = fc.record({
  kind: fc.constantFrom('delta', 'delta', 'message', 'start', 'ask', 'resolve', 'result'),
  size: fc.integer({ min: 0, max: 60 }),
});

/** Says what makes sense after what was said before; it knows what is open by the plainest means. */
export class Speaker {
  readonly queue: { id: string; seq: number }[] = [];
  readonly asked: { id: string; seq: number }[] = [];
  turn: number[] = [];
  lastResult: number[] = [];
  #said = 0;
  /** What was open after each event. */
  readonly #open: number[][] = [[]];

  /** The seqs of the events that may never be lost, oldest first. */
  get open(): number[] {
    const waiting = [...this.queue, ...this.asked].map(({ seq }) => seq);
    return [...waiting, ...this.turn, ...this.lastResult].sort((a, b) => a - b);
  }

  /** What was open when the event of this seq had been said. */
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
    return { event: 'message_delta', data: { message_id: id, delta: { type: 'text', text } } };
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

/** What was committed, and what of it the window holds: the newest that fit, at least one. */
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

  /** The seqs after a cursor. */
  after(cursor: number): number[] {
    return this.events.slice(cursor).map(({ seq }) => seq);
  }

  /** What a cursor is refused with, or null. */
  refusal(cursor: number): typeof CursorEvictedError | typeof CursorAheadError | null {
    if (cursor > this.lastSeq) return CursorAheadError;
    return cursor > 0 && cursor < this.firstSeq - 1 ? CursorEvictedError : null;
  }
}

/** A subscriber that checks each of its readings against what was committed. */
export class Reader {
  /** Whether it was told that it lost its place. */
  isOvertaken = false;
  isClosed = false;
  /** Since when it waits to be called, in calls of `onReadable`; null while it need not be. */
  #isHungry = false;
  readonly #subscription: Subscription;
  readonly #committed: Committed;
  readonly #isAllHeld: boolean;
  #cursor: number;
  #kept: number[];

  /** @param isAllHeld whether everything that is kept is in memory, so that nothing is to be fetched */
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
    const seqs = reading.kind === 'events' ? reading.events.map(({ seq }) => seq) : [];
    if (this.#kept.length > 0) {
      expect(seqs.length).toBeGreaterThan(0);
      expect(seqs).toEqual(this.#kept.slice(0, seqs.length));
      this.#kept = this.#kept.slice(seqs.length);
      return;
    }
    // What was fetched may be read when it is no longer kept.
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

  /** Reads all there is, a bit at a time. */
  async drain(maxChars: number): Promise<void> {
    for (let reads = 0; reads <= 3 * this.#committed.lastSeq + 2; reads += 1) {
      this.read(maxChars);
      // oxlint-disable-next-line no-await-in-loop -- what is fetched comes later
      if (this.#isHungry) await settle(1);
    }
    if (!this.isOvertaken) expect(this.#cursor).toBe(this.#committed.lastSeq);
  }

  /** To be called when the event loop has turned: who came up empty was called if there is more. */
  expectWoken(): void {
    if (this.isClosed || this.#cursor >= this.#committed.lastSeq) return;
    expect(this.#isHungry).toBe(false);
  }

  close(): void {
    this.#subscription.close();
  }
}
