export interface WindowLimits {
  /** How many events are kept. */
  maxEvents: number;
  /** How many characters of payload are kept. */
  maxLogChars: number;
}

/**
 * Something of each of the newest events of a log, without a gap, bounded in number and in size.
 * That of the newest event always stays.
 */
export class EventWindow<Item> {
  readonly #limits: WindowLimits;
  readonly #charsOf: (item: Item) => number;
  /** What is evicted leaves a hole before `#head`, until there are enough of them to be worth a copy. */
  #items: (Item | undefined)[] = [];
  #head = 0;
  #chars = 0;
  #firstSeq = 1;

  constructor(limits: WindowLimits, charsOf: (item: Item) => number) {
    this.#limits = limits;
    this.#charsOf = charsOf;
  }

  /** The seq of the oldest event in it. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** What is in it of the oldest event. */
  get first(): Item | undefined {
    return this.#items[this.#head];
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Adds the next event. One that does not follow the last begins the window anew. */
  push(seq: number, item: Item): void {
    if (seq !== this.#firstSeq + this.size) {
      this.#items = [];
      this.#head = 0;
      this.#chars = 0;
      this.#firstSeq = seq;
    }
    this.#items.push(item);
    this.#chars += this.#charsOf(item);
    while (this.#overflows()) this.#evict();
  }

  /** Lets go of those before a seq. */
  evictBefore(seq: number): void {
    while (this.size > 1 && this.#firstSeq < seq) this.#evict();
  }

  /** Those after `cursor`, at most `limit`, until `maxChars` are reached; at least one if there is one. */
  after(cursor: number, maxChars: number, limit: number): Item[] {
    const from = this.#head + Math.max(0, cursor + 1 - this.#firstSeq);
    const items = this.#items.slice(from, from + limit) as Item[];
    return takeUpTo(items, maxChars, this.#charsOf);
  }

  #overflows(): boolean {
    if (this.size <= 1) return false;
    return this.size > this.#limits.maxEvents || this.#chars > this.#limits.maxLogChars;
  }

  #evict(): void {
    const evicted = this.#items[this.#head];
    if (evicted !== undefined) this.#chars -= this.#charsOf(evicted);
    // Its place goes later, with others; what it holds, which may be large, goes now.
    this.#items[this.#head] = undefined;
    this.#head += 1;
    this.#firstSeq += 1;
    if (this.#head >= 256 && this.#head > this.size) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** The first of a list, until `maxChars` are reached; at least one if there is one. */
export function takeUpTo<Item>(
  items: readonly Item[],
  maxChars: number,
  charsOf: (item: Item) => number,
): Item[] {
  let chars = 0;
  const end = items.findIndex((item, index) => {
    const isOver = index > 0 && chars >= maxChars;
    chars += charsOf(item);
    return isOver;
  });
  return items.slice(0, end === -1 ? items.length : end);
}
