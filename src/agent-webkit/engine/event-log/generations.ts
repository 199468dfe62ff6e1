import { randomInt } from 'node:crypto';
import { FIRST_GENERATION, type Generation } from '../storage.js';

/** The maximum number of generations that are kept. */
const MAX_GENERATIONS = 100;
/** The maximum difference between the offsets of two generations. */
const MAX_STEP = 2 ** 31;

/**
 * The position in a log of a client's cursor: the seq of the event with this id, 0 for the cursor 0, or
 * why there is no such event. `ahead`: the id is larger than the last one. `evicted`: it is older than
 * every id that is known. `lost`: it is in no generation, so its event was lost when the storage was
 * restored to an earlier state, or the id was never assigned.
 */
export type Position = number | 'ahead' | 'evicted' | 'lost';

/**
 * Translates between the seqs of a log, which are contiguous, and the ids that clients receive.
 *
 * The id of an event is its seq plus the offset of its generation. A generation is the part of a log
 * that one owner has appended. Its offset is that of the generation before plus a random number, and the
 * storage keeps it with the events. When a storage is restored to an earlier state, the next owner
 * chooses another random number. So the ids of lost events fall between two generations, where no event
 * has an id, and the cursor of a client that has received them is refused.
 */
export class Generations {
  #all: readonly Generation[];
  #newest: Generation;

  /**
   * @param stored the generations of the log, as they are stored; missing for a storage of a host that does
   *   not store them
   */
  constructor(stored: readonly Generation[] | undefined) {
    this.#all = stored?.length ? stored : FIRST_GENERATION;
    this.#newest = newestOf(this.#all);
  }

  /** The generations in order, as they are to be stored. */
  get all(): readonly Generation[] {
    return this.#all;
  }

  /**
   * Begins a generation after the last event. Generations without a stored event are dropped; if there
   * are still too many, the oldest ones are merged, which gives their events other ids.
   *
   * @param lastSeq the seq of the last event, 0 when there is none
   * @param oldestSeq the seq of the oldest stored event
   */
  begin(lastSeq: number, oldestSeq: number): void {
    const next = { firstSeq: lastSeq + 1, offset: this.#newest.offset + randomInt(MAX_STEP) + 1 };
    const kept = this.#all.filter(({ firstSeq }, index) => {
      const end = this.#all[index + 1]?.firstSeq ?? next.firstSeq;
      // The event before the oldest one may be a client's cursor.
      return firstSeq < end && end > oldestSeq - 1;
    });
    this.#newest = next;
    this.#all = mergeOldest([...kept, next]);
  }

  /**
   * Takes over the generations as another server has stored them.
   *
   * @returns false, without an effect, when an event from `firstSeq` to `lastSeq` would get another id:
   *   the storage has lost it, or the generations were merged
   */
  adopt(stored: readonly Generation[] | undefined, firstSeq: number, lastSeq: number): boolean {
    const next = new Generations(stored);
    const borders = [...this.#all, ...next.all].map((generation) => generation.firstSeq);
    const isWithin = (seq: number) => seq > firstSeq && seq <= lastSeq;
    const seqs = [firstSeq, ...borders.filter(isWithin)].filter((seq) => seq <= lastSeq);
    if (seqs.some((seq) => this.idOf(seq) !== next.idOf(seq))) return false;
    this.#all = next.all;
    this.#newest = newestOf(next.all);
    return true;
  }

  /** Returns the id of the event with this seq; 0 for 0. */
  idOf(seq: number): number {
    if (seq === 0) return 0;
    if (seq >= this.#newest.firstSeq) return seq + this.#newest.offset;
    const generation = this.#all.findLast(({ firstSeq }) => firstSeq <= seq) ?? this.#all[0];
    return seq + (generation ?? this.#newest).offset;
  }

  /** Returns the position of a cursor in a log whose last event has this seq. */
  positionOf(cursor: number, lastSeq: number): Position {
    if (cursor === 0) return 0;
    if (cursor > this.idOf(lastSeq)) return 'ahead';
    const index = this.#all.findLastIndex(({ firstSeq, offset }) => firstSeq + offset <= cursor);
    const generation = this.#all[index];
    // Only the generations of a log that still has its first event are complete.
    if (!generation) return this.#all[0]?.firstSeq === 1 ? 'lost' : 'evicted';
    const seq = cursor - generation.offset;
    return seq < (this.#all[index + 1]?.firstSeq ?? Infinity) ? seq : 'lost';
  }
}

function mergeOldest(generations: readonly Generation[]): readonly Generation[] {
  const [first, ...later] = generations.slice(-MAX_GENERATIONS);
  return first ? [{ ...first, firstSeq: generations[0]?.firstSeq ?? 1 }, ...later] : [];
}

function newestOf(generations: readonly Generation[]): Generation {
  return generations.at(-1) ?? { firstSeq: 1, offset: 0 };
}
