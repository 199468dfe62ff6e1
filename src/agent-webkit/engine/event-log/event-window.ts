/**
 * Holds one number, such as a size or a time, for each of the newest events of a log, without a gap.
 * The count of the numbers and their sum are limited; the number of the newest event always stays.
 */
export class EventWindow {
  readonly #maxEvents: number;
  readonly #maxTotal: number;
  /** Numbers before `#head` are evicted. They are removed in batches, because that copies the array. */
  #numbers: number[] = [];
  #head = 0;
  #total = 0;
  #firstSeq = 1;

  constructor(maxEvents = Number.POSITIVE_INFINITY, maxTotal = Number.POSITIVE_INFINITY) {
    this.#maxEvents = maxEvents;
    this.#maxTotal = maxTotal;
  }

  /** The seq of the oldest event in the window. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** The number of the oldest event. */
  get first(): number | undefined {
    return this.#numbers[this.#head];
  }

  get size(): number {
    return this.#numbers.length - this.#head;
  }

  /** Adds the number of the next event. An event that does not follow the last one resets the window. */
  push(seq: number, number: number): void {
    if (seq !== this.#firstSeq + this.size) {
      this.#numbers = [];
      this.#head = 0;
      this.#total = 0;
      this.#firstSeq = seq;
    }
    this.#numbers.push(number);
    this.#total += number;
    while (this.#overflows()) this.#evict();
  }

  /** Returns what {@link firstSeq} will be when these numbers of the next events are added. */
  firstSeqAfter(numbers: readonly number[]): number {
    let total = numbers.reduce((sum, number) => sum + number, this.#total);
    let size = this.size + numbers.length;
    let evicted = 0;
    while (size > 1 && (size > this.#maxEvents || total > this.#maxTotal)) {
      total -= this.#numbers[this.#head + evicted] ?? numbers[evicted - this.size] ?? 0;
      size -= 1;
      evicted += 1;
    }
    return this.#firstSeq + evicted;
  }

  /** Removes the events before a seq. */
  evictBefore(seq: number): void {
    while (this.size > 1 && this.#firstSeq < seq) this.#evict();
  }

  /**
   * Returns how many events after `cursor` have numbers that add up to at least `total`, at most
   * `limit`. Returns at least 1 if there is an event.
   */
  countUpTo(cursor: number, total: number, limit: number): number {
    const from = this.#head + Math.max(0, cursor + 1 - this.#firstSeq);
    const most = Math.min(limit, this.#numbers.length - from);
    let sum = 0;
    let count = 0;
    while (count < most && (count === 0 || sum < total)) {
      sum += this.#numbers[from + count] ?? 0;
      count += 1;
    }
    return count;
  }

  #overflows(): boolean {
    if (this.size <= 1) return false;
    return this.size > this.#maxEvents || this.#total > this.#maxTotal;
  }

  #evict(): void {
    this.#total -= this.#numbers[this.#head] ?? 0;
    this.#head += 1;
    this.#firstSeq += 1;
    if (this.#head >= 256 && this.#head > this.size) {
      this.#numbers = this.#numbers.slice(this.#head);
      this.#head = 0;
    }
  }
}
