/** Reproducible random numbers: a seed always gives the same sequence. */
export class Random {
  readonly seed: number;
  #state: number;

  /** @param variable the environment variable with the seed, for a run that is repeated; otherwise it is new */
  constructor(readonly variable = 'DURABILITY_SEED') {
    this.seed = Number(process.env[variable] ?? Math.floor(Math.random() * 2 ** 32));
    this.#state = this.seed;
  }

  /** Like `Math.random`, with the generator mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Returns an integer from 1 to `max`. */
  upTo(max: number): number {
    return 1 + Math.floor(this.next() * max);
  }
}
