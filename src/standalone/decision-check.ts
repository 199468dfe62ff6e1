import { hashDecision } from '../agent-webkit/engine/decision-record.js';
import { digestOf } from '../agent-webkit/engine/digest.js';
import { isRecord } from '../agent-webkit/protocol/is-record.js';

/** The decisions of one session in an export. */
export interface VerifiedSession {
  readonly id: string;
  /** The numbers of the first and of the last decision. */
  readonly first: number;
  readonly last: number;
  /** The hash of the last decision. */
  readonly hash: string;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Checks the lines of an export of decisions, in their order. The sessions may be mixed. */
export class DecisionCheck {
  readonly #sessions = new Map<string, VerifiedSession>();
  /** The number of lines that were right. */
  decisions = 0;
  /** The number of lines from which an input was removed. */
  withoutInput = 0;

  get sessions(): VerifiedSession[] {
    return [...this.#sessions.values()];
  }

  /** Checks the next line. Returns the problem of a wrong one, null for one that is right or empty. */
  add(line: string): string | null {
    if (line.trim() === '') return null;
    const record = parse(line);
    if (!record) return 'it is not a JSON object.';
    const { session_id: id, number, prev, hash } = record;
    if (typeof id !== 'string' || id === '') return 'it has no session_id.';
    if (!isNumber(number)) return 'number must be an integer of at least 1.';
    if (!isDigest(hash)) return 'hash must be `sha256:` and 64 hexadecimal digits.';
    const problem =
      problemOfHash(record) ??
      problemOfInput(record, 'input') ??
      problemOfInput(record, 'updated_input') ??
      this.#problemOfLink(id, number, prev);
    if (problem !== null) return problem;
    const first = this.#sessions.get(id)?.first ?? number;
    this.#sessions.set(id, { id, first, last: number, hash });
    this.decisions += 1;
    if (isWithoutInput(record)) this.withoutInput += 1;
    return null;
  }

  #problemOfLink(id: string, number: number, prev: unknown): string | null {
    const before = this.#sessions.get(id);
    if (!before) {
      if (number === 1 && prev !== null) return 'number is 1, but prev is not null.';
      if (number > 1 && !isDigest(prev)) return `number is ${number}, but prev is not a hash.`;
      return null;
    }
    if (number !== before.last + 1) {
      return `number is ${number}, but ${before.last + 1} follows in session ${id}.`;
    }
    return prev === before.hash ? null : 'prev is not the hash of the decision before.';
  }
}

function problemOfHash(record: Record<string, unknown>): string | null {
  try {
    return hashDecision(record) === record['hash'] ? null : 'hash is not the hash of the line.';
  } catch {
    return 'it is nested too deeply.';
  }
}

/** Returns the problem of an input that is not the one of its digest, which the hash covers. */
function problemOfInput(
  record: Record<string, unknown>,
  name: 'input' | 'updated_input',
): string | null {
  if (!Object.hasOwn(record, name)) return null;
  const digest = record[`${name}_digest`];
  try {
    if (digestOf(record[name]) === digest) return null;
  } catch {
    // Nested too deeply: no input of the server is.
  }
  return `${name} is not the input of ${name}_digest.`;
}

function isWithoutInput(record: Record<string, unknown>): boolean {
  const isMissing = (name: string) =>
    Object.hasOwn(record, `${name}_digest`) && !Object.hasOwn(record, name);
  return isMissing('input') || isMissing('updated_input');
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && DIGEST.test(value);
}

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
