import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import { CursorEvictedError, CursorAheadError } from '../../src/agent-webkit/engine/errors.js';
import type { EventLog } from '../../src/agent-webkit/engine/event-log/event-log.js';
import type { SessionEvent } from '../../src/agent-webkit/engine/session-event.js';
import type { Subscription } from '../../src/agent-webkit/engine/event-log/subscription.js';
import type { WireEvent } from '../../src/agent-webkit/protocol/events.js';
import { settle } from './session-bench.js';

const KINDS = [
  'delta',
  'delta',
  'message',
  'message',
  'edit',
  'take',
  'start',
  'rewind',
  'ask',
  'ask',
  'escalate',
  'resolve',
  'resolve',
  'deliver',
  'wait',
  'result',
] as const;

/** A request that is open, or has an answer. */
interface Request {
  id: string;
  /** Its events, oldest first. */
  seqs: number[];
  /** Its escalation, which is no longer open when the agent has the answer. */
  escalation?: number;
  /** As in its event. */
  durable: boolean | undefined;
}

/** The events that a session may append next, by topic. */
export interface Saying {
  kind: (typeof KINDS)[number];
  size: number;
}

export const saying: fc.Arbitrary<Saying> = fc.record({
  kind: fc.constantFrom(...KINDS),
  size: fc.integer({ min: 0, max: 60 }),
});

/** Generates valid events after the earlier ones, and tracks open ones in the simplest way. */
export class Speaker {
  readonly queue: { id: string; seqs: number[]; isForNextStep: boolean }[] = [];
  #lastStart: number[] = [];
  readonly asked: Request[] = [];
  turn: number[] = [];
  /** The answers that no agent has received, and those that one has. */
  #decided: Request[] = [];
  #answered: Request[] = [];
  #waiting: number[] = [];
  lastResult: number[] = [];
  #rewind: number[] = [];
  #said = 0;
  /** The open events after each event. */
  readonly #open: number[][] = [[]];

  /** The seqs of the events that must never be lost, oldest first. */
  get open(): number[] {
    const queued = this.queue.flatMap(({ seqs }) => seqs);
    const lastStart = this.turn.length === 0 ? this.#lastStart : [];
    const requests = [...this.asked, ...this.#decided, ...this.#answered];
    const asked = requests.flatMap(({ seqs, escalation }) => [...seqs, escalation ?? []].flat());
    const turn = [...this.turn, ...this.#waiting];
    const last = [...lastStart, ...this.lastResult, ...this.#rewind];
    return [...queued, ...asked, ...turn, ...last].sort((a, b) => a - b);
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
      const isForNextStep = size % 2 === 0;
      this.queue.push({ id, seqs: [seq], isForNextStep });
      const delivery = isForNextStep && { delivery: 'next_step' as const };
      return { event: 'user_message', data: { message_id: id, content: text, ...delivery } };
    }
    if (kind === 'edit' && this.queue.length > 0) {
      const edited = this.queue[size % this.queue.length] as (typeof this.queue)[number];
      edited.seqs = [edited.seqs[0] as number, seq];
      return { event: 'message_edited', data: { message_id: edited.id, content: text } };
    }
    if (kind === 'take' && this.queue.length > 0) {
      const [{ id: message_id }] = this.queue.splice(size % this.queue.length, 1) as [
        (typeof this.queue)[number],
      ];
      return size % 2 === 0
        ? { event: 'message_withdrawn', data: { message_id } }
        : { event: 'message_delivered', data: { message_id, turn: 'id0' } };
    }
    if (kind === 'start' && this.turn.length === 0 && this.queue[0]) {
      const [next] = this.queue.splice(0, 1) as [(typeof this.queue)[number]];
      this.turn = [...next.seqs, seq];
      this.#lastStart = [seq];
      return { event: 'turn_start', data: { message_id: next.id } };
    }
    if (kind === 'rewind') {
      this.#rewind = [seq];
      return { event: 'conversation_rewound', data: { message_id: text, replaced_by: id } };
    }
    if (kind === 'ask') {
      const durable = [true, false, undefined][size % 3];
      this.asked.push({ id, seqs: [seq], durable });
      const asked = { correlation_id: id, tool_name: 'Bash', input: { text }, context: {} };
      const data = durable === undefined ? asked : { ...asked, durable };
      return { event: 'permission_request', data };
    }
    const toEscalate = this.asked.find(({ escalation }) => escalation === undefined);
    if (kind === 'escalate' && toEscalate) {
      toEscalate.escalation = seq;
      const data = { correlation_id: toEscalate.id, to: [text], at: '' };
      return { event: 'request_escalated', data };
    }
    if (kind === 'resolve' && this.asked.length > 0) {
      const [request] = this.asked.splice(size % this.asked.length, 1) as [Request];
      return this.#resolve(request, seq, size % 2 === 0);
    }
    if (kind === 'deliver' && this.#decided.length > 0) {
      const [request] = this.#decided.splice(0, 1) as [Request];
      const { escalation: _, ...rest } = request;
      this.#answered.push({ ...rest, seqs: [...request.seqs, seq] });
      return { event: 'request_delivered', data: { correlation_id: request.id } };
    }
    if (kind === 'wait' && this.turn.length > 0) {
      this.#waiting = [seq];
      return { event: 'turn_waiting', data: { turn_cost_usd: size } };
    }
    if (kind === 'result') {
      this.turn = [];
      this.#decided = [];
      this.#answered = [];
      this.#waiting = [];
      this.lastResult = [seq];
      return { event: 'result', data: resultOf(seq) };
    }
    return { event: 'tool_result', data: { tool_use_id: id, output: text, is_error: false } };
  }

  #resolve(request: Request, seq: number, isWithoutAgent: boolean): WireEvent {
    const isDecided = request.durable === true && isWithoutAgent;
    const { escalation: _, ...rest } = request;
    const resolved = { ...(isDecided ? request : rest), seqs: [...request.seqs, seq] };
    const isKept = this.turn.length > 0 && request.durable !== undefined;
    if (isKept) (isDecided ? this.#decided : this.#answered).push(resolved);
    const data = { correlation_id: request.id, kind: 'permission', outcome: 'allowed' } as const;
    const decision = isDecided && { decision: { behavior: 'allow' as const } };
    return { event: 'request_resolved', data: { ...data, ...decision } };
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
