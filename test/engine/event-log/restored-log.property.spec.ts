import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { EventLog } from '../../../src/agent-webkit/engine/event-log/event-log.js';
import type { SessionEvent } from '../../../src/agent-webkit/engine/session-event.js';
import {
  type EventAppend,
  type EventStore,
  FencedError,
  FIRST_GENERATION,
  randomEpoch,
} from '../../../src/agent-webkit/engine/storage.js';
import { logOptions } from '../../support/open-log.js';

/** The state of one session in a storage. */
interface State {
  readonly epoch: number;
  readonly events: readonly SessionEvent[];
  readonly generations: NonNullable<EventAppend['summary']['generations']>;
}

const EMPTY: State = { epoch: 1, events: [], generations: FIRST_GENERATION };

/** A storage of one session that can be put back to an earlier state, whatever servers use it. */
class RestorableStore implements EventStore {
  state = EMPTY;
  #backup = EMPTY;

  claim(): State {
    this.state = { ...this.state, epoch: randomEpoch() };
    return this.state;
  }

  backUp(): void {
    this.#backup = this.state;
  }

  restore(): void {
    this.state = this.#backup;
  }

  append({ epoch, events, summary }: EventAppend): void {
    const { state } = this;
    if (epoch !== state.epoch) throw new FencedError('s');
    const lastSeq = state.events.length;
    if ((events[0]?.seq ?? 0) > lastSeq + 1) throw new RangeError('A gap.');
    const added = events.filter(({ seq }) => seq > lastSeq);
    const generations = summary.generations ?? state.generations;
    this.state = { epoch, generations, events: [...state.events, ...added] };
  }

  read(_: string, after: number, limit: number): Promise<SessionEvent[]> {
    return Promise.resolve(this.state.events.slice(after, after + limit));
  }

  hasKey(): Promise<boolean> {
    return Promise.resolve(false);
  }

  trim(): void {
    // The logs keep everything.
  }
}

/** A server. It holds the session in memory until it cannot append to it. */
class Server {
  readonly #store: RestorableStore;
  #log: EventLog | null = null;

  constructor(store: RestorableStore) {
    this.#store = store;
  }

  /** Returns the session in memory, or loads it. */
  async log(): Promise<EventLog> {
    if (this.#log) return this.#log;
    const { epoch, generations } = this.#store.claim();
    const onFailure = () => (this.#log = null);
    const options = logOptions({ store: this.#store, epoch, generations, onFailure });
    this.#log = await EventLog.open(options);
    return this.#log;
  }

  /** Loses its memory. */
  restart(): void {
    this.#log = null;
  }
}

/** A client that continues after the last event that it has, and starts again when it is refused. */
class Reader {
  #seen: { id: number; data: string }[] = [];

  async read(log: EventLog, limit: number): Promise<void> {
    try {
      const { events } = await log.read(this.#seen.at(-1)?.id ?? 0, limit);
      this.#seen.push(...events.map(({ id, data }) => ({ id, data })));
    } catch (error) {
      expect(String(error)).toMatch(/^Cursor(Lost|Ahead)Error/);
      this.#seen = [];
    }
    const { events } = await log.read(0, 10_000);
    const all = events.map(({ id, data }) => ({ id, data }));
    expect(this.#seen).toEqual(all.slice(0, this.#seen.length));
  }
}

const someone = fc.nat(1);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), by: someone }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      by: someone,
      reader: fc.nat(2),
      limit: fc.constantFrom(1, 2, 1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), by: someone }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('back up' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restore' as const) }) },
);

describe('a session whose storage is put back to earlier states', () => {
  it('delivers each event after the last one that a client has, or refuses the cursor, on any server', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const store = new RestorableStore();
        const servers = [new Server(store), new Server(store)];
        const readers = [new Reader(), new Reader(), new Reader()];
        let said = 0;
        for (const next of steps) {
          /* oxlint-disable no-await-in-loop -- one step after the other */
          switch (next.do) {
            case 'append': {
              const log = await servers[next.by]?.log();
              said += 1;
              const text = `said ${said}`;
              const delta = { message_id: 'm', delta: { type: 'text' as const, text } };
              const appended = log?.append({ event: 'message_delta', data: delta });
              const isAccepted = await Promise.resolve(appended).then(
                () => true,
                () => false,
              );
              if (!isAccepted) refused += 1;
              // An event that was accepted is stored, and the others are not.
              const isStored = store.state.events.some(({ data }) => data.includes(`"${text}"`));
              expect(isStored).toBe(isAccepted);
              break;
            }
            case 'read': {
              const log = await servers[next.by]?.log();
              if (log) await readers[next.reader]?.read(log, next.limit);
              break;
            }
            case 'restart':
              servers[next.by]?.restart();
              break;
            case 'back up':
              store.backUp();
              break;
            case 'restore':
              store.restore();
              break;
            default:
              next satisfies never;
          }
          /* oxlint-enable no-await-in-loop */
        }
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(0);
  });
});
