/** The most values and keys that a request may have. A long conversation has some ten thousand. */
const MAX_VALUES = 500_000;
const MAX_KEYS = 100_000;
const MAX_DEPTH = 500;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Finds out whether each object of a JSON text has each of its keys once. Parsers differ in which of two equal
 * keys counts, so that a check of a text with two would be worth nothing. A text that would take too long to
 * parse does not pass either. The text may be invalid otherwise.
 */
export class UniqueKeys {
  readonly #text: Buffer;
  /** The keys of the open objects, null for an open list. */
  readonly #open: (Set<string> | null)[] = [];
  #at = 0;
  /** The begin of the string that is being read; -1 outside of strings. */
  #string = -1;
  #isKey = false;
  #values = 0;
  #keys = 0;

  constructor(text: Buffer) {
    this.#text = text;
  }

  /** Reads on for this many bytes. Returns true or false at the end, null before. */
  read(bytes: number): boolean | null {
    const end = Math.min(this.#text.length, this.#at + bytes);
    while (this.#at < end) {
      const isFine = this.#string === -1 ? this.#readByte() : this.#readString(end);
      if (!isFine) return false;
    }
    return end < this.#text.length ? null : this.#string === -1;
  }

  #readByte(): boolean {
    switch (this.#text[this.#at]) {
      case QUOTE:
        this.#string = this.#at;
        break;
      case OPEN_OBJECT:
        this.#open.push(new Set());
        this.#isKey = true;
        this.#values += 1;
        break;
      case OPEN_LIST:
        this.#open.push(null);
        this.#isKey = false;
        this.#values += 1;
        break;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        this.#open.pop();
        this.#isKey = false;
        break;
      case COMMA:
        this.#isKey = this.#open.at(-1) instanceof Set;
        this.#values += 1;
        break;
      default:
    }
    this.#at += 1;
    return this.#values <= MAX_VALUES && this.#open.length <= MAX_DEPTH;
  }

  #readString(end: number): boolean {
    const text = this.#text;
    let at = this.#at;
    while (at < end && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
    this.#at = at;
    if (at >= end) return true;
    this.#at += 1;
    const begin = this.#string;
    this.#string = -1;
    const keys = this.#open.at(-1);
    if (!this.#isKey || !keys) return true;
    this.#isKey = false;
    this.#keys += 1;
    const key = decode(text.toString('utf8', begin, at + 1));
    if (key === null || keys.has(key) || this.#keys > MAX_KEYS) return false;
    keys.add(key);
    return true;
  }
}

/** Null for an invalid string. */
function decode(text: string): string | null {
  if (!text.includes('\\')) return text.slice(1, -1);
  try {
    return JSON.parse(text) as string;
  } catch {
    // Refused: it would be no valid request anyway.
    return null;
  }
}
