import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { StorageUnavailableError } from '../../../src/agent-webkit/engine/errors.js';
import type { EventLog } from '../../../src/agent-webkit/engine/event-log/event-log.js';
import { HeldEventStore } from '../../support/held-storage.js';
import { Committed, Reader, type Saying, saying, Speaker } from '../../support/log-model.js';
import { storedEvent } from '../../support/event-time.js';
import { openLog } from '../../support/open-log.js';
import { settle } from '../../support/session-bench.js';

type Step =
  | { do: 'append'; sayings: Saying[] }
  | { do: 'subscribe' | 'page'; after: number; limit: number }
  | { do: 'read' | 'close'; reader: number; maxChars: number }
  | { do: 'commit' | 'refuse' | 'end' | 'turn' };

const cursor = fc.oneof(fc.constant(0), fc.integer({ min: -6, max: 2 }));
const append = fc.record({
  do: fc.constant('append' as const),
  sayings: fc.array(saying, { minLength: 1, maxLength: 4 }),
});
const steps = (...rest: ('refuse' | 'end')[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: append },
      {
        weight: 3,
        // A cursor counts from the end of the log, where the edges are; 0 is the beginning.
        arbitrary: fc.record({
          do: fc.constantFrom('subscribe' as const, 'page' as const),
          after: cursor,
          limit: fc.integer({ min: 1, max: 12 }),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constantFrom('read' as const, 'read' as const, 'read' as const, 'close' as const),
          reader: fc.nat(5),
          maxChars: fc.constantFrom(1, 50, 300, Number.POSITIVE_INFINITY),
        }),
      },
      { weight: 5, arbitrary: fc.constant({ do: 'commit' as const }) },
      { weight: 2, arbitrary: fc.constant({ do: 'turn' as const }) },
      ...rest.map((kind) => ({ weight: 1, arbitrary: fc.constant({ do: kind }) })),
    ),
    { maxLength: 70 },
  );
const limits = fc.record({
  maxEvents: fc.integer({ min: 1, max: 12 }),
  maxLogChars: fc.constantFrom(1, 200, 600, 1_000_000),
  maxHeldBytes: fc.constantFrom(1, 150, 1_000_000),
});

/** A log and the simplest model of its behaviour. */
class LogRun {
  readonly store = new HeldEventStore();
  readonly speaker = new Speaker();
  readonly committed: Committed;
  readonly log: EventLog;
  readonly readers: Reader[] = [];
  readonly outcomes: Promise<'committed' | 'refused'>[] = [];
  /** The number of appended events, and of those that are being committed. */
  appended = 0;
  inFlight = 0;
  failures = 0;
  hasEnded = false;

  constructor(
    readonly isAsync: boolean,
    readonly bounds: { maxEvents: number; maxLogChars: number; maxHeldBytes: number },
  ) {
    this.committed = new Committed(bounds.maxEvents, bounds.maxLogChars);
    const onFailure = () => {
      this.failures += 1;
    };
    this.log = openLog({ ...bounds, ...(isAsync ? { store: this.store } : {}), onFailure });
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        return this.#append(step.sayings);
      case 'subscribe':
      case 'page':
        return this.#look(step.do, this.#cursor(step.after), step.limit);
      case 'read':
        return this.readers[step.reader]?.read(step.maxChars);
      case 'close':
        return this.readers[step.reader]?.close();
      case 'commit':
        return this.#commit();
      case 'refuse':
        if (this.store.waiting > 0) this.hasEnded = true;
        this.store.refuse();
        return settle(1);
      case 'end':
        // A log ends only when no commit is in progress.
        while (this.store.waiting > 0) await this.#commit(); // oxlint-disable-line no-await-in-loop
        this.hasEnded = true;
        return this.log.end();
      case 'turn':
        await settle(1);
        for (const reader of this.readers) reader.expectWoken();
        return;
      default:
        step satisfies never;
    }
  }

  #cursor(after: number): number {
    return after === 0 ? 0 : Math.max(0, this.committed.lastSeq + after);
  }

  #append(sayings: Saying[]): void {
    if (this.hasEnded && this.failures === 0) return;
    const wires = sayings.map((next) => this.speaker.say(next));
    const outcome = this.log.append(...wires);
    this.outcomes.push(
      Promise.resolve(outcome).then(
        () => 'committed' as const,
        (error: unknown) => {
          expect(error).toBeInstanceOf(StorageUnavailableError);
          return 'refused' as const;
        },
      ),
    );
    if (this.failures > 0) return;
    this.appended += wires.length;
    if (!this.isAsync) {
      expect(outcome).toBeUndefined();
      const first = this.appended - wires.length + 1;
      this.committed.add(wires.map((wire, index) => storedEvent(first + index, wire)));
    }
    if (this.inFlight === 0) this.inFlight = wires.length;
  }

  /** Events that were appended during a commit go in one append. */
  async #commit(): Promise<void> {
    if (this.store.waiting === 0) return;
    const events = this.store.appends.at(-1) ?? [];
    expect(events.map(({ seq }) => seq)).toEqual(
      Array.from({ length: this.inFlight }, (_, index) => this.committed.lastSeq + 1 + index),
    );
    this.committed.add(events);
    this.inFlight = this.appended - this.committed.lastSeq;
    this.store.commit();
    await settle(1);
    expect(this.store.waiting).toBe(this.inFlight > 0 ? 1 : 0);
  }

  /** True when every kept event is in memory as well. */
  get #isAllHeld(): boolean {
    return this.bounds.maxHeldBytes >= this.bounds.maxLogChars;
  }

  async #look(kind: 'subscribe' | 'page', after: number, limit: number): Promise<void> {
    const refusal = this.committed.refusal(after);
    if (refusal) {
      expect(() => this.log.subscribe(after, () => undefined, () => undefined)).toThrow(refusal); // prettier-ignore
      return expect(this.log.read(after, limit)).rejects.toThrow(refusal);
    }
    if (kind === 'subscribe') {
      const { committed, speaker } = this;
      const open = speaker.openAt(committed.lastSeq);
      this.readers.push(new Reader(this.log, committed, after, open, this.#isAllHeld));
      return;
    }
    const { firstSeq, lastSeq } = this.committed;
    const kept = after === 0 ? this.speaker.openAt(lastSeq).filter((seq) => seq < firstSeq) : [];
    const page = await this.log.read(after, limit);
    const rest = this.committed.after(Math.max(after, firstSeq - 1));
    const seqs = [...kept, ...rest.slice(0, Math.max(1, limit - kept.length))];
    // A page from the store ends before the first event in memory, but is never empty.
    const given = page.events.map(({ id }) => id);
    expect(given).toEqual(this.#isAllHeld ? seqs : seqs.slice(0, given.length));
    expect(given.length > kept.length).toBe(rest.length > 0);
    expect(page).toMatchObject({ lastId: lastSeq, hasMore: (given.at(-1) ?? after) < lastSeq });
  }

  check(): void {
    expect(this.log.lastSeq).toBe(this.committed.lastSeq);
    expect(this.log.firstSeq).toBe(this.committed.firstSeq);
    const open = this.readers.filter(({ isClosed }) => !isClosed).length;
    expect(this.log.subscribers).toBe(open);
    const committed = this.log.committed.openEvents().map(({ seq }) => seq);
    expect(committed).toEqual(this.speaker.openAt(this.committed.lastSeq));
    if (this.failures > 0) return;
    expect(this.log.state.openEvents().map(({ seq }) => seq)).toEqual(this.speaker.open);
  }
}

async function play(run: LogRun, script: Step[]): Promise<void> {
  for (const step of script) {
    // oxlint-disable-next-line no-await-in-loop -- steps come one after the other
    await run.take(step);
    run.check();
  }
}

describe('any use of an event log', () => {
  it.each([
    ['at once', false],
    ['later', true],
  ])(
    'delivers every event to each subscriber or reports it as overtaken, with a store that commits %s',
    async (_, isAsync) => {
      await fc.assert(
        fc.asyncProperty(limits, steps('end'), async (window, script) => {
          const run = new LogRun(isAsync, window);
          await play(run, script);
          await run.take({ do: 'end' });
          run.check();
          await run.take({ do: 'turn' });
          await Promise.all(run.readers.map((reader) => reader.drain(100)));
          expect(await Promise.all(run.outcomes)).not.toContain('refused');
        }),
        { numRuns: 400 },
      );
    },
  );

  it('publishes nothing past a rejected commit, and rejects earlier and later appends', async () => {
    await fc.assert(
      fc.asyncProperty(limits, steps('refuse'), async (window, script) => {
        const run = new LogRun(true, window);
        await play(run, script);
        if (run.store.waiting > 0) await run.take({ do: 'refuse' });
        await run.take({ do: 'append', sayings: [{ kind: 'delta', size: 1 }] });
        run.check();
        await Promise.all(run.readers.map((reader) => reader.drain(100)));
        if (run.failures === 0) return;
        expect(run.failures).toBe(1);
        const outcomes = await Promise.all(run.outcomes);
        const firstRefused = outcomes.indexOf('refused');
        expect(outcomes.slice(firstRefused)).not.toContain('committed');
        const stored = await run.store.read('s', 0, 1000);
        expect(stored.at(-1)?.seq ?? 0).toBe(run.committed.lastSeq);
      }),
      { numRuns: 300 },
    );
  });
});
