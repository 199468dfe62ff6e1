import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bus, BusReceiver } from '../../engine/bus.js';
import type { BusCase, BusSubject } from './bus-case.js';

/** The body of a case, which checks one guarantee. */
export type BusCaseBody = (fleet: Fleet) => Promise<void>;

/** Cases by their names. */
export type BusCases = readonly (readonly [name: string, body: BusCaseBody])[];

/** How long a case waits for a fact, in milliseconds. */
const LIMIT_MS = 20_000;
const POLL_MS = 5;

/** One server of a case: its bus, and what was delivered to it. */
export class Member implements BusReceiver {
  readonly address: string = randomUUID();
  readonly messages: string[] = [];
  readonly problems: string[] = [];
  #isOpen = false;

  constructor(readonly bus: Bus) {}

  async open(): Promise<this> {
    this.#isOpen = true;
    await this.bus.open(this.address, this);
    return this;
  }

  onMessage(message: string): void {
    this.messages.push(message);
  }

  onTrouble(problem: string): void {
    this.problems.push(problem);
  }

  /** Closes the bus if it was opened. May be called again. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.bus.close();
  }
}

/** The servers of a case. */
export class Fleet {
  readonly #subject: BusSubject;
  readonly #members: Member[] = [];

  constructor(subject: BusSubject) {
    this.#subject = subject;
  }

  get engine(): BusSubject['engine'] {
    return this.#subject.engine;
  }

  async create(): Promise<Member> {
    const member = new Member(await this.#subject.createBus());
    this.#members.push(member);
    return member;
  }

  async open(): Promise<Member> {
    return (await this.create()).open();
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
    await this.#subject.close?.();
  }
}

/** Turns bodies into cases, each of which has a subject of its own. */
export function fleetCases(
  cases: BusCases,
  createSubject: () => BusSubject | Promise<BusSubject>,
): BusCase[] {
  return cases.map(([name, body]) => ({
    name,
    run: async () => {
      const fleet = new Fleet(await createSubject());
      try {
        await body(fleet);
      } finally {
        await fleet.close();
      }
    },
  }));
}

/** Waits until a fact is true. @throws AssertionError when it takes too long */
export async function eventually(fact: () => boolean, words: string): Promise<void> {
  const startedAt = performance.now();
  while (!fact()) {
    assert.ok(performance.now() - startedAt < LIMIT_MS, `${words}: not within ${LIMIT_MS} ms.`);
    // oxlint-disable-next-line no-await-in-loop -- no event announces the fact
    await delay(POLL_MS);
  }
}

/** Waits until a member has received all of these messages. */
export async function receives({ messages }: Member, expected: readonly string[]): Promise<void> {
  await eventually(
    () => expected.every((text) => messages.includes(text)),
    'Every message arrives',
  );
}

/**
 * Sends messages again and again until one has arrived: until then, the bus may be connecting. Then nothing that
 * was sent to this member before is under way any more.
 */
export async function reaches(sender: Member, receiver: Member): Promise<void> {
  const mark = `mark ${randomUUID()} `;
  let count = 0;
  await eventually(() => {
    sender.bus.send(receiver.address, `${mark}${(count += 1)}`);
    return receiver.messages.some((text) => text.startsWith(mark));
  }, 'A message arrives');
}

/** The messages without those of {@link reaches}. */
export function withoutMarks({ messages }: Member): string[] {
  return messages.filter((text) => !text.startsWith('mark '));
}

/** Text of an exact size in UTF-8. */
export function textOf(bytes: number, letter: string): string {
  const count = Math.floor(bytes / Buffer.byteLength(letter));
  const text = letter.repeat(count);
  return text + 'x'.repeat(bytes - Buffer.byteLength(text));
}
